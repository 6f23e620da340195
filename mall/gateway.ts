import { type GatewayOptions, readUpstreams, startGateway } from "@mall/gateway";
import { pino } from "pino";
import { TidingsError } from "tidings";
import { endOnSignal } from "tidings/internal";
import { apiDocs } from "./api-docs.ts";
import { createMall } from "./mall.ts";
import { withSecretFiles } from "./secret-files.ts";
import { endOnProblems } from "./settings.ts";
import { isDemo, parseTicketKey, settingsProblems } from "./settings-problems.ts";
import { welcome } from "./welcome.ts";

// The gateway of a Mall whose services are processes of their own. Settings, from the environment:
//
//   UPSTREAM_<SERVICE>   where the processes of a service are: http://127.0.0.1:8101,http://127.0.0.1:8102. Of every
//                        service; UPSTREAM_PROCESSOR, of the simulated card processor, shows it in demo mode.
//   HOST, PORT           where it listens (127.0.0.1, 8080)
//   LOG_LEVEL            trace, debug, info, warn, error, fatal or silent (warn)
//   MALL_DEMO            as the services have it (1)
//   LIVE_TICKET_KEY      as the services have it, or in the file that LIVE_TICKET_KEY_FILE names
//   TRUST_FORWARDED      1: what a proxy before it says in X-Forwarded-* is passed on (0)
//   NOTICE_MS            how long it goes on serving after /readyz has said that it ends (0)

const options = readOptions(process.env);
const starting = startGateway(options).catch((error) => {
  console.error(error instanceof TidingsError ? error.message : error);
  process.exit(1);
});
endOnSignal(starting);
const { url } = await starting;
console.log(`The gateway is ready at ${url}.`);

/** Reads the settings; what is wrong ends the program with one sentence for each and exit code 1. */
function readOptions(all: NodeJS.ProcessEnv): GatewayOptions {
  const { services } = createMall({ access: { demo: true }, log: pino({ level: "silent" }) });
  const shown = services.filter(
    ({ name }) => name !== "processor" || (isDemo(all) && all.UPSTREAM_PROCESSOR),
  );
  const { upstreams, problems: unknown } = readUpstreams(
    shown.map(({ name }) => name),
    all,
  );
  const { env, problems } = withSecretFiles(concerning(all));
  endOnProblems([...problems, ...settingsProblems(env), ...ownProblems(all), ...unknown]);
  return {
    services: shown,
    upstreams,
    http: async (app) => {
      await apiDocs(app);
      app.get("/", async () => welcome);
    },
    address: env.HOST || undefined,
    port: env.PORT ? Number(env.PORT) : undefined,
    log: pino({ level: env.LOG_LEVEL || "warn" }) as GatewayOptions["log"],
    trustForwarded: all.TRUST_FORWARDED === "1",
    ticketKey: env.LIVE_TICKET_KEY ? parseTicketKey(env.LIVE_TICKET_KEY) : undefined,
    noticeMs: Number(all.NOTICE_MS || 0),
  };
}

/** What it shares with the services. Tokens are theirs to verify: outside demo mode it needs no key for them. */
function concerning(all: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { PORT, LOG_LEVEL, LIVE_TICKET_KEY, LIVE_TICKET_KEY_FILE, HOST, MALL_DEMO } = all;
  const shared = { HOST, PORT, LOG_LEVEL, LIVE_TICKET_KEY, LIVE_TICKET_KEY_FILE, MALL_DEMO };
  return isDemo(all) ? shared : { ...shared, MALL_JWKS_URL: "https://services.invalid" };
}

function ownProblems({ TRUST_FORWARDED, NOTICE_MS }: NodeJS.ProcessEnv): string[] {
  const problems: string[] = [];
  if (TRUST_FORWARDED && !["0", "1"].includes(TRUST_FORWARDED))
    problems.push(`TRUST_FORWARDED must be 1 or 0, not ${TRUST_FORWARDED}.`);
  if (NOTICE_MS && !/^\d{1,5}$/.test(NOTICE_MS))
    problems.push(`NOTICE_MS must be a number of milliseconds, not ${NOTICE_MS}.`);
  return problems;
}
