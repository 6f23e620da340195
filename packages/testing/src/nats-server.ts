import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findNatsServer } from "./nats-binary.ts";
import { until } from "./probe.ts";

export interface NatsServerOptions {
  /** Where it keeps its streams; a temporary directory by default, which is removed by `stop()`. */
  readonly directory?: string;
  /** The port on 127.0.0.1; a free one by default. */
  readonly port?: number;
  /** Text that is added to its configuration file: users, TLS, limits. */
  readonly config?: string;
}

/** A real nats-server with JetStream, in a process of its own. */
export interface NatsServer {
  readonly url: string;
  readonly pid: number;
  readonly directory: string;
  /** Ends it in order, and removes its directory when that is temporary. Repeats are harmless. */
  stop(): Promise<void>;
  /** SIGKILL: it ends at once, and its streams stay as they are on disk. */
  kill(): Promise<void>;
  /** Starts it again (after ending it in order, if it still runs) with the same port and streams. */
  restart(): Promise<void>;
  /** SIGSTOP: it keeps its connections and answers nothing. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** What it tells on its monitoring port, for example of `/jsz`. */
  monitor(path: string): Promise<Record<string, unknown>>;
}

/** Starts a nats-server with JetStream on loopback, and waits until it answers. */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const server = await prepare(options);
  try {
    await server.start();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/**
 * Starts a cluster of nats-servers on loopback, and waits until it has a leader for streams and knows all its members.
 * Each can be killed, paused and restarted alone.
 */
export async function startNatsCluster(size: number): Promise<readonly NatsServer[]> {
  const routes = await freePorts(size);
  const nodes = await Promise.all(
    routes.map((port, at) =>
      prepare({
        config: `server_name: node-${at + 1}
cluster { name: test, listen: "127.0.0.1:${port}", routes: [${routes.map((one) => `"nats://127.0.0.1:${one}"`).join(", ")}] }`,
      }),
    ),
  );
  try {
    await Promise.all(nodes.map((node) => node.start()));
    await until("the cluster has a leader that knows all members", () => hasLeader(nodes, size), {
      timeout: 30_000,
      interval: 100,
    });
    return nodes;
  } catch (error) {
    await Promise.all(nodes.map((node) => node.stop()));
    throw error;
  }
}

async function hasLeader(nodes: readonly NatsServer[], size: number): Promise<boolean> {
  const seen = await Promise.all(nodes.map((node) => node.monitor("/jsz")));
  const clusters = seen.map((jsz) => jsz.meta_cluster as { leader?: string; cluster_size?: number });
  const leader = clusters[0]?.leader;
  return Boolean(leader) && clusters.every((one) => one.leader === leader && one.cluster_size === size);
}

async function prepare(options: NatsServerOptions): Promise<RunningNatsServer> {
  const program = await findNatsServer();
  const [free, monitoring] = await freePorts(2);
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), "tidings-nats-"));
  mkdirSync(directory, { recursive: true });
  const port = options.port ?? free;
  writeFileSync(
    join(directory, "server.conf"),
    `listen: "127.0.0.1:${port}"
http: "127.0.0.1:${monitoring}"
jetstream { store_dir: ${JSON.stringify(directory)}, max_file_store: 20GB, max_memory_store: 1GB }
${options.config ?? ""}
`,
    { mode: 0o600 },
  );
  const isTemporary = options.directory === undefined;
  return new RunningNatsServer(program, {
    directory,
    isTemporary,
    port: Number(port),
    monitoring: Number(monitoring),
  });
}

interface Settings {
  readonly directory: string;
  readonly isTemporary: boolean;
  readonly port: number;
  readonly monitoring: number;
}

/** stopped → `start` → running → `stop`, `kill` → stopped; paused is running, without answers. */
class RunningNatsServer implements NatsServer {
  readonly #program: string;
  readonly #settings: Settings;
  #child: ChildProcess | undefined;
  readonly #killOnExit = () => this.#child?.kill("SIGKILL");

  constructor(program: string, settings: Settings) {
    this.#program = program;
    this.#settings = settings;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#settings.port}`;
  }

  get directory(): string {
    return this.#settings.directory;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error("This nats-server does not run.");
    return pid;
  }

  async start(): Promise<void> {
    const log = join(this.directory, "server.log");
    const output = openSync(log, "a");
    const child = spawn(this.#program, ["-c", join(this.directory, "server.conf")], {
      stdio: ["ignore", output, output],
    });
    closeSync(output);
    this.#child = child;
    process.once("exit", this.#killOnExit);
    let failure: Error | undefined;
    child.once("error", (error) => {
      failure = error;
    });
    try {
      await until("nats-server answers", () => hasEnded(child) || failure !== undefined || this.#answers(), {
        timeout: 20_000,
      });
      if (failure) throw failure;
      if (hasEnded(child)) throw new Error(`it ended with exit code ${child.exitCode}`);
    } catch (cause) {
      await this.#end("SIGKILL");
      const lines = readFileSync(log, "utf8").trim().split("\n").slice(-5).join("\n");
      throw new Error(`nats-server did not start; the end of its log is:\n${lines}`, { cause });
    }
  }

  async #answers(): Promise<boolean> {
    const { status } = await this.monitor("/healthz?js-server-only=true");
    return status === "ok";
  }

  async monitor(path: string): Promise<Record<string, unknown>> {
    const url = `http://127.0.0.1:${this.#settings.monitoring}${path}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    return (await response.json()) as Record<string, unknown>;
  }

  async stop(): Promise<void> {
    this.resume();
    await this.#end("SIGTERM");
    if (this.#settings.isTemporary) rmSync(this.directory, { recursive: true, force: true });
  }

  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  async restart(): Promise<void> {
    this.resume();
    await this.#end("SIGTERM");
    await this.start();
  }

  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child) return;
    child.kill(signal);
    if (child.pid !== undefined)
      await until("nats-server has ended", () => hasEnded(child), { timeout: 20_000 });
    this.#child = undefined;
    process.off("exit", this.#killOnExit);
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Ports that are free at this moment; all are held until the last is known, so they differ. */
async function freePorts(count: number): Promise<readonly number[]> {
  const listeners = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    listeners.map(
      (listener) =>
        new Promise<number>((done, fail) => {
          listener.once("error", fail);
          listener.listen(0, "127.0.0.1", () => {
            const address = listener.address();
            if (typeof address === "object" && address) done(address.port);
          });
        }),
    ),
  );
  await Promise.all(listeners.map((listener) => new Promise((done) => listener.close(done))));
  return ports;
}
