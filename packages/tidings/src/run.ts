import { type BrokerOptions, TidingsError } from "@tidings/core";
import { type Application, type ApplicationOptions, startApplication } from "./application.ts";
import type { Service } from "./define-service.ts";

/**
 * Runs services as a program: {@link startApplication} with the settings of the environment (`DATABASE_URL`, `HOST`,
 * `PORT`, `LOG_LEVEL`, and `NATS_URL` with its like, where services have databases of their own), until a signal ends it.
 *
 * SIGINT and SIGTERM end it without loss, a second one (half a second later or more) at once; so does the end of the
 * parent process, if there is one with a channel to it. What prevents a start is told in one sentence, with exit code 1.
 */
export async function run(
  services: readonly Service[],
  options: ApplicationOptions = {},
): Promise<Application> {
  const starting = start(services, options);
  endOnSignal(starting);
  return starting;
}

async function start(services: readonly Service[], options: ApplicationOptions): Promise<Application> {
  try {
    return await startApplication(services, { ...(await fromEnvironment(process.env)), ...given(options) });
  } catch (error) {
    return fail(error);
  }
}

/** What is undefined is not given: the environment decides. */
function given(options: ApplicationOptions): ApplicationOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** @throws TidingsError `configuration-invalid`, with every problem at once */
async function fromEnvironment(env: NodeJS.ProcessEnv): Promise<ApplicationOptions> {
  const { broker, problems: brokerProblems } = await brokerFromEnvironment(env);
  const problems = [...environmentProblems(env), ...brokerProblems];
  if (problems.length > 0) throw new TidingsError("configuration-invalid", `${problems.join("; ")}.`);
  const { DATABASE_URL, HOST, PORT } = env;
  return {
    ...(DATABASE_URL && { databaseUrl: DATABASE_URL }),
    ...(HOST && { address: HOST }),
    ...(PORT && { port: Number(PORT) }),
    ...(broker && { broker }),
  };
}

/** The broker at `NATS_URL`, if there is one. */
async function brokerFromEnvironment(
  env: NodeJS.ProcessEnv,
): Promise<{ broker?: BrokerOptions; problems: readonly string[] }> {
  if (!env.NATS_URL) return { problems: [] };
  const module = await import("@tidings/nats").catch((error: { code?: string }) => {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
  });
  if (!module) return { problems: ["NATS_URL needs the package @tidings/nats: npm install @tidings/nats"] };
  const { options, problems } = module.natsFromEnvironment(env);
  return problems.length > 0 ? { problems } : { broker: module.nats(options), problems };
}

/**
 * What is wrong with the settings that {@link run} reads, each with the name of its setting and without a full stop: for
 * a program that has settings of its own, and tells its user of all problems at once.
 */
export function environmentProblems({ DATABASE_URL, PORT, LOG_LEVEL }: NodeJS.ProcessEnv): string[] {
  const problems: string[] = [];
  if (PORT && !(/^\d{1,5}$/.test(PORT) && Number(PORT) < 65_536)) {
    problems.push(`PORT is "${PORT}", which is not a number from 0 to 65535`);
  }
  if (DATABASE_URL && !/^postgres(ql)?:\/\//.test(DATABASE_URL)) {
    problems.push("DATABASE_URL does not begin with postgres://");
  }
  if (LOG_LEVEL && !logLevels.includes(LOG_LEVEL)) {
    problems.push(`LOG_LEVEL is "${LOG_LEVEL}", which is none of ${logLevels.join(", ")}`);
  }
  return problems;
}

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

/** One sentence for what a user can mend; the whole error for a fault of ours. */
function fail(error: unknown): never {
  const isForUser = error instanceof TidingsError || (error as Error).name === "EmbeddedPostgresError";
  console.error(isForUser ? (error as Error).message : error);
  process.exit(1);
}

/**
 * Ends the program with what it has started: SIGINT and SIGTERM without loss, a second one (half a second later or more)
 * at once; so does the end of the parent process, if there is one with a channel to it.
 */
export function endOnSignal(starting: Promise<{ close(): Promise<void> }>): void {
  let endingSince: number | undefined;
  const end = async (exitCode: number) => {
    if (endingSince !== undefined) return;
    endingSince = performance.now();
    try {
      await (await starting).close();
      process.exit(exitCode);
    } catch (error) {
      console.error(error);
      process.exit(1);
    }
  };
  const onSignal = (signalNumber: number) => () => {
    if (endingSince !== undefined && performance.now() - endingSince > sameSignalMs)
      process.exit(128 + signalNumber);
    void end(0);
  };
  process.on("SIGINT", onSignal(2));
  process.on("SIGTERM", onSignal(15));
  if (process.connected) process.on("disconnect", () => void end(0));
  process.on("unhandledRejection", (error) => {
    console.error(error);
    void end(1);
  });
}

/** Ctrl-C reaches a program twice, from the terminal and from the program that started it: that is one signal. */
const sameSignalMs = 500;
