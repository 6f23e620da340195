import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "tidings/embedded-postgres";

export interface ClusterPostgresOptions {
  readonly directory: string;
  readonly port: number;
  readonly hint: string;
  readonly log: (line: string) => void;
}

const watchMs = 1_000;
/** So many looks in a row that find nobody there: PostgreSQL is gone. */
const lostAfter = 3;

/** The cluster's PostgreSQL, started again when it dies. */
export class ClusterPostgres {
  readonly #server: EmbeddedPostgres;
  readonly #options: ClusterPostgresOptions;
  readonly #stopping = new AbortController();
  readonly #watching: Promise<void>;
  #restarting = 0;

  private constructor(server: EmbeddedPostgres, options: ClusterPostgresOptions) {
    this.#server = server;
    this.#options = options;
    this.#watching = this.#watch();
  }

  /** @throws EmbeddedPostgresError, one sentence for the user */
  static async start(options: ClusterPostgresOptions): Promise<ClusterPostgres> {
    const server = await startEmbeddedPostgres({
      directory: join(options.directory, "postgres"),
      port: options.port,
      settings: { max_connections: "400", shared_buffers: "128MB" },
      hint: options.hint,
      log: options.log,
    });
    return new ClusterPostgres(server, options);
  }

  /** The superuser's. */
  get url(): string {
    return this.#server.url;
  }

  /** Stops it and starts it again on the same port; `immediate` is like a crash. */
  async restart(mode: "immediate" | "fast"): Promise<void> {
    this.#restarting++;
    try {
      await this.#server.restart(mode);
    } finally {
      this.#restarting--;
    }
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#watching;
    await this.#server.close();
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopping;
    for (let absent = 0; !signal.aborted; ) {
      await pause(watchMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      absent = this.#restarting > 0 || (await isThere(this.#options.port)) ? 0 : absent + 1;
      if (absent < lostAfter) continue;
      absent = 0;
      this.#options.log("✗ postgres  is gone, starts again");
      await this.restart("immediate").catch((error: Error) =>
        this.#options.log(`✗ postgres  ${error.message}`),
      );
    }
  }
}

/** Whether somebody listens at the port. */
function isThere(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const end = (found: boolean) => {
      socket.destroy();
      done(found);
    };
    socket.setTimeout(watchMs, () => end(true));
    socket.once("connect", () => end(true)).once("error", () => end(false));
  });
}
