import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join, relative } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { findBinaries } from "./embedded-postgres/binaries.ts";
import { createCluster, removeDrafts, startCluster } from "./embedded-postgres/cluster.ts";
import { EmbeddedPostgresError } from "./embedded-postgres/failure.ts";
import { acquireLock } from "./embedded-postgres/lock.ts";
import { choosePlace, type Place } from "./embedded-postgres/place.ts";
import { type StopMode, signalPostmaster, stopPostmaster } from "./embedded-postgres/postmaster.ts";

export { EmbeddedPostgresError };

export interface EmbeddedPostgresOptions {
  /** Where data, password and lock are kept; created when missing. One process at a time may use it. */
  readonly directory: string;
  /** The TCP port on 127.0.0.1; a free one by default. */
  readonly port?: number;
  /** PostgreSQL settings that differ from its defaults. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Ends the sentence "The data directory … is in use by process 1234; stop it, or …". */
  readonly hint?: string;
  /** Told what a user should know, in whole sentences; silent by default. */
  readonly log?: (line: string) => void;
}

export interface EmbeddedPostgres {
  /** The superuser's connection string to the database `postgres`. */
  readonly url: string;
  /**
   * Stops the server and starts it again on the same port; connections that are open are cut. `immediate` is like a
   * crash, after which the start replays the log. Restarts follow one another. @throws EmbeddedPostgresError after `close()`
   */
  restart(mode: StopMode): Promise<void>;
  /** Stops the server and frees the directory; connections that are still open are cut. Repeats are harmless. */
  close(): Promise<void>;
}

/**
 * Starts a real PostgreSQL from the optional peer dependency `embedded-postgres`, for development and tests. It
 * listens on 127.0.0.1 alone, asks for a password, and is as durable as any PostgreSQL: what was committed is there
 * after a `kill -9`. It survives a Ctrl-C, so that we can finish our work before `close()`; should we be killed, the
 * next start in the same directory stops the server we left behind and goes on with its data.
 *
 * @throws EmbeddedPostgresError, one sentence that says why it cannot be used and what to do.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  try {
    mkdirSync(options.directory, { recursive: true });
    const directory = realpathSync(options.directory);
    const lock = await acquireLock(directory);
    if (!lock.acquired) {
      throw new EmbeddedPostgresError(
        `The data directory ${shown(directory)} is in use by process ${lock.holder}; stop it, or ${options.hint ?? "choose another directory"}.`,
      );
    }
    try {
      return await startLocked(directory, options, lock.release);
    } catch (error) {
      lock.release();
      throw error;
    }
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new EmbeddedPostgresError(
      `The embedded PostgreSQL in ${options.directory} cannot be used: ${reason}.`,
      { cause: error },
    );
  }
}

async function startLocked(
  directory: string,
  options: EmbeddedPostgresOptions,
  release: () => void,
): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => {});
  const place = await choosePlace(directory, findBinaries(), log);
  const password = keptPassword(directory, place.data);
  removeDrafts(place);
  if (existsSync(place.data)) {
    await stopPostmaster(place.data);
  } else {
    log(`Creating an empty database in ${shown(directory)}; this is needed once.`);
    await createCluster(place, password, options.settings?.fsync !== "off");
  }
  const port = await startOnPort(place, options);
  const stopOnExit = () => signalPostmaster(place.data, "SIGINT");
  process.once("exit", stopOnExit);
  let closing: Promise<void> | undefined;
  let restarting: Promise<void> = Promise.resolve();
  const restart = async (mode: StopMode) => {
    if (closing !== undefined)
      throw new EmbeddedPostgresError("PostgreSQL cannot be restarted, since it was closed.");
    await stopPostmaster(place.data, mode);
    await startOnPort(place, { ...options, port });
  };
  const stop = async () => {
    await restarting;
    await stopPostmaster(place.data);
  };
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    restart: (mode) => {
      const next = restarting.then(() => restart(mode));
      restarting = next.catch(() => {});
      return next;
    },
    close: () => {
      closing ??= stop().finally(() => {
        process.off("exit", stopOnExit);
        release();
      });
      return closing;
    },
  };
}

/** Tries again when a free port was taken meanwhile, and while the processes of a killed server are still ending. */
async function startOnPort(place: Place, options: EmbeddedPostgresOptions): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    const outcome = await startCluster(place, {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      max_connections: "200",
      timezone: "UTC",
      log_timezone: "UTC",
      ...options.settings,
      port: String(port),
    });
    if (outcome.started) return port;
    const portTaken = /could not bind/.test(outcome.log);
    if (portTaken && options.port !== undefined) {
      throw new EmbeddedPostgresError(
        `PostgreSQL cannot start, since port ${port} is in use; choose another.`,
      );
    }
    if (attempt === 20 || !(portTaken || /shared memory block/.test(outcome.reason))) {
      throw new EmbeddedPostgresError(
        `PostgreSQL did not start: ${outcome.reason} (see ${join(dirname(place.data), "server.log")}).`,
      );
    }
    await pause(250);
  }
}

/** The superuser's password: made once, readable by us alone. */
function keptPassword(directory: string, data: string): string {
  const file = join(directory, "password");
  if (existsSync(file)) return readFileSync(file, "utf8");
  if (existsSync(data)) {
    throw new EmbeddedPostgresError(
      `The password of the data in ${shown(directory)} is missing (${file}); delete the directory to start afresh.`,
    );
  }
  const password = randomBytes(24).toString("hex");
  writeFileSync(`${file}.new`, password, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return password;
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address ? address.port : 0));
    });
  });
}

function shown(directory: string): string {
  const short = relative(process.cwd(), directory);
  return short && !short.startsWith("..") ? short : directory;
}
