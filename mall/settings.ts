import type { Mailer } from "@mall/notifications/service";
import { parseHoldExpiry } from "@mall/payments/service";
import type { AccessSettings } from "./access-control.ts";
import { withSecretFiles } from "./secret-files.ts";
import { isDemo, mailerOf, parseTicketKey, settingsProblems } from "./settings-problems.ts";
import type { TokenSettings } from "./tokens.ts";

/** What the environment says about the Mall as a whole, or about one process of it. */
export interface Settings {
  /** `DATABASE_URL`: a PostgreSQL. */
  readonly databaseUrl: string | undefined;
  /** `MALL_DATA`: where the embedded PostgreSQL keeps its data. */
  readonly directory: string;
  /** Where the data is, as a user would say it. */
  readonly place: string;
  /** `LOG_LEVEL`: warnings and errors unless told otherwise, so that the welcome stays readable. */
  readonly logLevel: string;
  /** `MALL_DEMO` and `MALL_JWT_SECRET` or `MALL_JWKS_URL`, `MALL_JWT_ISSUER`, `MALL_JWT_AUDIENCE`: who is let in. */
  readonly access: AccessSettings;
  /** `LIVE_TICKET_KEY`: what the tickets of browsers are signed with; each database has a key of its own, when left out. */
  readonly ticketKey: Buffer | undefined;
  /** `MALL_BOTS`: how many simulated bots collect goods. 3 in demo mode, else none. */
  readonly bots: number;
  /** `MALL_BOT_DELAY`: how long a bot walks to a stop at most, in milliseconds: 200. At least it is a quarter of that. */
  readonly botDelayMs: number;
  /** `MALL_HOLD_EXPIRES`: how long a hold on a card lasts that no order confirms. 30 minutes when left out. */
  readonly holdExpiresMs: number | undefined;
  /** `PROCESSOR_URL`: where the card processor is; the simulated one, when left out. */
  readonly processorUrl: string | undefined;
  /** `PROCESSOR_KEY`: by what the simulated card processor, as a process of its own, knows the Mall. */
  readonly processorKey: string | undefined;
  /** `SMTP_URL`, `MALL_MAIL_FROM`: how mail is sent. None is, when left out. */
  readonly mail: Mailer | undefined;
}

/**
 * Reads the settings; a wrong one ends the program with one sentence for each and exit code 1. Those that are secret
 * may be in files: `DATABASE_URL_FILE` and so on.
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const found = withSecretFiles(env);
  endOnProblems([...found.problems, ...settingsProblems(found.env)]);
  return settingsOf(found.env);
}

/** Tells what is wrong, if anything is, and ends the program then. */
export function endOnProblems(problems: readonly string[]): void {
  if (problems.length === 0) return;
  for (const problem of problems) console.error(problem);
  process.exit(1);
}

/** @param env without problems */
export function settingsOf(env: NodeJS.ProcessEnv): Settings {
  const { MALL_DATA, LOG_LEVEL = "warn" } = env;
  const directory = MALL_DATA || ".mall";
  return {
    databaseUrl: env.DATABASE_URL || undefined,
    directory,
    place: env.DATABASE_URL ? "your database" : directory,
    logLevel: LOG_LEVEL,
    access: accessSettings(env),
    ticketKey: env.LIVE_TICKET_KEY ? parseTicketKey(env.LIVE_TICKET_KEY) : undefined,
    bots: Number(env.MALL_BOTS || (isDemo(env) ? 3 : 0)),
    botDelayMs: Number(env.MALL_BOT_DELAY || 200),
    holdExpiresMs: env.MALL_HOLD_EXPIRES ? parseHoldExpiry(env.MALL_HOLD_EXPIRES) : undefined,
    processorUrl: env.PROCESSOR_URL || undefined,
    processorKey: env.PROCESSOR_KEY || undefined,
    mail: mailerOf(env),
  };
}

function accessSettings(env: NodeJS.ProcessEnv): AccessSettings {
  const { MALL_JWT_SECRET: secret, MALL_JWKS_URL: jwksUrl } = env;
  const expected = {
    issuer: env.MALL_JWT_ISSUER || undefined,
    audience: env.MALL_JWT_AUDIENCE || undefined,
  };
  const tokens: TokenSettings | undefined = secret
    ? { secret, ...expected }
    : jwksUrl
      ? { jwksUrl, ...expected }
      : undefined;
  return { demo: isDemo(env), tokens };
}
