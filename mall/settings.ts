import { environmentProblems } from "tidings";

/** What the environment says about the Mall as a whole. */
export interface Settings {
  /** `MALL_DATA`: where the embedded PostgreSQL keeps its data. */
  readonly directory: string;
  /** Where the data is, as a user would say it. */
  readonly place: string;
  /** `LOG_LEVEL`: warnings and errors unless told otherwise, so that the welcome stays readable. */
  readonly logLevel: string;
}

/**
 * Reads the settings; a wrong one ends the program with one sentence for each and exit code 1.
 *
 * Until there is access control the Mall runs in demo mode alone: every request counts as the operator's, so it must
 * not be reached from elsewhere.
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const { MALL_DATA, MALL_DEMO = "1", MALL_CURRENCY, HOST = "127.0.0.1", LOG_LEVEL = "warn" } = env;
  const problems = environmentProblems(env).map((problem) => `${problem}.`);
  if (MALL_DEMO !== "1")
    problems.push("MALL_DEMO must be 1: the Mall has no access control yet and runs in demo mode alone.");
  if (!isLoopback(HOST)) problems.push(`HOST must be a loopback address in demo mode, not ${HOST}.`);
  if (MALL_CURRENCY && !/^[A-Z]{3}$/.test(MALL_CURRENCY))
    problems.push(`MALL_CURRENCY must be three capital letters, not ${MALL_CURRENCY}.`);
  if (problems.length > 0) {
    for (const problem of problems) console.error(problem);
    process.exit(1);
  }
  const directory = MALL_DATA || ".mall";
  return { directory, place: env.DATABASE_URL ? "your database" : directory, logLevel: LOG_LEVEL };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
