import { TidingsError } from "@tidings/core";
import { type Application, type ApplicationOptions, startApplication } from "./application.ts";
import type { Service } from "./define-service.ts";

/**
 * Runs services as a program: {@link startApplication} with the settings of the environment (`DATABASE_URL`, `HOST`,
 * `PORT`, `LOG_LEVEL`), until a signal ends it.
 *
 * SIGINT and SIGTERM end it without loss, a second one at once; so does the end of the parent process, if there is one
 * with a channel to it. What prevents a start is told in one sentence, with exit code 1.
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
    return await startApplication(services, { ...fromEnvironment(process.env), ...options });
  } catch (error) {
    return fail(error);
  }
}

/** Every problem at once, each with the name of its setting. */
function fromEnvironment(env: NodeJS.ProcessEnv): ApplicationOptions {
  const { DATABASE_URL, HOST, PORT } = env;
  const problems: string[] = [];
  const port = PORT === undefined || PORT === "" ? undefined : Number(PORT);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port < 65_536)) {
    problems.push(`PORT is "${PORT}", which is not a number from 0 to 65535`);
  }
  if (DATABASE_URL && !/^postgres(ql)?:\/\//.test(DATABASE_URL)) {
    problems.push("DATABASE_URL does not begin with postgres://");
  }
  if (problems.length > 0) throw new TidingsError("configuration-invalid", `${problems.join("; ")}.`);
  return {
    ...(DATABASE_URL && { databaseUrl: DATABASE_URL }),
    ...(HOST && { address: HOST }),
    ...(port !== undefined && { port }),
  };
}

/** One sentence for what a user can mend; the whole error for a fault of ours. */
function fail(error: unknown): never {
  const isForUser = error instanceof TidingsError || (error as Error).name === "EmbeddedPostgresError";
  console.error(isForUser ? (error as Error).message : error);
  process.exit(1);
}

function endOnSignal(starting: Promise<Application>): void {
  let endingSince: number | undefined;
  const end = async (exitCode: number, signalNumber: number) => {
    if (endingSince !== undefined) {
      if (performance.now() - endingSince > sameSignalMs) process.exit(128 + signalNumber);
      return;
    }
    endingSince = performance.now();
    const application = await starting;
    await application.close();
    process.exit(exitCode);
  };
  process.on("SIGINT", () => end(0, 2));
  process.on("SIGTERM", () => end(0, 15));
  if (process.connected) process.on("disconnect", () => end(0, 15));
  process.on("unhandledRejection", (error) => {
    console.error(error);
    void end(1, 15);
  });
}

/** Ctrl-C reaches a program twice, from the terminal and from the program that started it: that is one signal. */
const sameSignalMs = 500;
