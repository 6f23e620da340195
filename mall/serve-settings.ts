import { withSecretFiles } from "./secret-files.ts";
import type { ServedName } from "./serve-arguments.ts";
import { endOnProblems, type Settings, settingsOf } from "./settings.ts";
import { isDemo, settingsProblems } from "./settings-problems.ts";

/** What one process of the Mall reads. */
export interface ServeSettings extends Settings {
  /** `MALL_URL`: where the bots find the Mall. */
  readonly mallUrl: string;
  /** `HOST` and `PORT`, where the bots tell of their health. */
  readonly host: string;
  readonly port: number;
}

/** Reads what concerns this process alone; what is wrong ends the program with one sentence for each and exit code 1. */
export function readServeSettings(name: ServedName, env: NodeJS.ProcessEnv): ServeSettings {
  endOnProblems(serveProblems(name, env));
  const own = withSecretFiles(concerning(name, env)).env;
  const { MALL_URL = "", HOST, PORT } = own;
  return {
    ...settingsOf(own),
    mallUrl: MALL_URL,
    host: HOST || "127.0.0.1",
    port: Number(PORT || 8080),
  };
}

/** Everything that keeps this process from being started, a sentence each. */
export function serveProblems(name: ServedName, env: NodeJS.ProcessEnv): string[] {
  const found = withSecretFiles(concerning(name, env));
  return [...found.problems, ...settingsProblems(found.env), ...missing(name, found.env)];
}

/** The database to install a service in; a job that does so needs nothing else. */
export function readMigrateSettings(env: NodeJS.ProcessEnv): { readonly databaseUrl: string } {
  const { DATABASE_URL, DATABASE_URL_FILE, LOG_LEVEL } = env;
  const found = withSecretFiles({ DATABASE_URL, DATABASE_URL_FILE, LOG_LEVEL, MALL_DEMO: "1" });
  endOnProblems([...found.problems, ...settingsProblems(found.env), ...required(found.env, "DATABASE_URL")]);
  return { databaseUrl: found.env.DATABASE_URL ?? "" };
}

/** Who reads the settings that not everybody does. */
const readers: Readonly<Record<string, readonly ServedName[]>> = {
  MALL_HOLD_EXPIRES: ["payments"],
  PROCESSOR_URL: ["payments"],
  PROCESSOR_KEY: ["payments", "processor"],
  SMTP_URL: ["notifications"],
  MALL_MAIL_FROM: ["notifications"],
  MALL_BOTS: ["bots"],
  MALL_BOT_DELAY: ["bots"],
};

/** Without what others read: a process that does not send mail does not fail because of it. */
function concerning(name: ServedName, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const isOurs = (setting: string) => readers[setting.replace(/_FILE$/, "")]?.includes(name) ?? true;
  return Object.fromEntries(Object.entries(env).filter(([setting]) => isOurs(setting)));
}

/** What the process cannot do without. */
function missing(name: ServedName, env: NodeJS.ProcessEnv): string[] {
  if (name === "bots") return [...required(env, "MALL_URL"), ...secretOfBots(env), ...wrongMallUrl(env)];
  const problems = required(env, "DATABASE_URL", "NATS_URL", "LIVE_TICKET_KEY");
  if (name === "payments") problems.push(...required(env, "PROCESSOR_URL"));
  if (name === "processor" && !isDemo(env) && !env.PROCESSOR_KEY)
    problems.push(
      "Outside demo mode PROCESSOR_KEY must be set: the simulated processor serves the Mall alone.",
    );
  return problems;
}

function secretOfBots(env: NodeJS.ProcessEnv): string[] {
  if (isDemo(env) || env.MALL_JWT_SECRET || Number(env.MALL_BOTS) > 0) return [];
  return ["Bots need MALL_JWT_SECRET outside demo mode: they sign tokens of their own."];
}

function wrongMallUrl({ MALL_URL }: NodeJS.ProcessEnv): string[] {
  if (!MALL_URL || /^https?:$/.test(URL.parse(MALL_URL)?.protocol ?? "")) return [];
  return ["MALL_URL must be an address that begins with https:// or http://."];
}

const reasons: Readonly<Record<string, string>> = {
  DATABASE_URL: "the service's own PostgreSQL database",
  NATS_URL: "the broker between the services",
  LIVE_TICKET_KEY: "what all services sign tickets with, 32 bytes or more in hexadecimal or base64",
  PROCESSOR_URL: "where the card processor is",
  MALL_URL: "where the bots find the Mall",
};

function required(env: NodeJS.ProcessEnv, ...names: readonly string[]): string[] {
  return names.filter((name) => !env[name]).map((name) => `${name} must be set: ${reasons[name]}.`);
}
