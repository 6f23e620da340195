import { parseArgs } from "node:util";

/** What can be a process of its own: the services, the simulated card processor, and the bots. */
export const servedNames = [
  "stores",
  "customers",
  "baskets",
  "ordering",
  "payments",
  "depot",
  "checkout",
  "notifications",
  "search",
  "processor",
  "bots",
] as const;
export type ServedName = (typeof servedNames)[number];

/** What `mall/serve.ts` was asked for. */
export interface ServeArguments {
  readonly name: ServedName;
  readonly migrate: boolean;
  readonly help: boolean;
}

export const serveUsage = `Runs one service of the Mall as a process of its own.

  node --conditions=source mall/serve.ts ordering
  node --conditions=source mall/serve.ts ordering --migrate    installs it in its database, and ends

Names
  stores customers baskets ordering payments depot checkout notifications search: the services
  processor: the simulated card processor; bots: the simulated bots, which find the Mall at MALL_URL

Settings, from the environment; those with * also from the file that <NAME>_FILE names
  DATABASE_URL*        the service's own PostgreSQL database
  NATS_URL             the broker between the services
  LIVE_TICKET_KEY*     what all services sign tickets with: 32 bytes or more, in hexadecimal or base64
  HOST, PORT           where it listens (127.0.0.1, 8080)
  LOG_LEVEL            trace, debug, info, warn, error, fatal or silent (warn)
  MALL_DEMO            1: a request without a token is the operator's; 0: only tokens are let in (1)
  MALL_JWT_SECRET*     what tokens are signed with; or MALL_JWKS_URL, where the public keys are
  MALL_JWT_ISSUER, MALL_JWT_AUDIENCE, MALL_CURRENCY
  PROCESSOR_URL        payments: where the card processor is
  PROCESSOR_KEY*       payments, processor: by what the one knows the other; needed outside demo mode
  MALL_HOLD_EXPIRES    payments: how long a hold on a card lasts that no order confirms (30m)
  SMTP_URL*, MALL_MAIL_FROM    notifications: how mail is sent
  MALL_URL, MALL_BOTS, MALL_BOT_DELAY    bots: where the Mall is, how many they are (3), how slowly they walk (200)`;

const options = {
  migrate: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** @returns the arguments, or one sentence that says what is wrong with them */
export function readServeArguments(args: readonly string[]): ServeArguments | string {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const { migrate = false, help = false } = values;
    const [name, ...more] = positionals;
    if (help) return { name: "stores", migrate, help };
    if (more.length > 0) return `One process serves one name, not also ${more.join(" ")}.`;
    const found = servedNames.find((known) => known === name);
    if (!found) return `Say what to serve: one of ${servedNames.join(", ")}${name ? `, not ${name}` : ""}.`;
    if (migrate && found === "bots") return "The bots have no database to migrate.";
    return { name: found, migrate, help };
  } catch (error) {
    const [first = ""] = (error as Error).message.split(/(?<=')\. |\n/);
    return first.endsWith(".") ? first : `${first}.`;
  }
}
