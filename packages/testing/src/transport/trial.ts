import pg from "pg";
import { Host, type HostOptions, type Service } from "tidings";
import type { Participation } from "./participation.ts";
import { Program } from "./program.ts";
import type { TransportHarness, TransportScene } from "./transport-harness.ts";

const services = ["ledger", "follower", "auditor"] as const;
type ServiceName = (typeof services)[number];

/** One case at work on a transport: its hosts, programs and connections, which all end with it. */
export class Trial {
  readonly scene: TransportScene;
  readonly harness: TransportHarness;
  /** What hosts of this process logged as errors. */
  readonly errors: { readonly message: string; readonly err?: unknown }[] = [];
  /** What is worth knowing when an expectation fails. */
  readonly notes: string[] = [];
  readonly #hosts: Host[] = [];
  readonly #programs: Program[] = [];
  readonly #pools = new Map<ServiceName, pg.Pool>();

  private constructor(harness: TransportHarness, scene: TransportScene) {
    this.harness = harness;
    this.scene = scene;
  }

  static async open(harness: TransportHarness): Promise<Trial> {
    return new Trial(harness, await harness.open(services));
  }

  /** Starts an instance of a service in this process. */
  async host(service: Service, options: Partial<HostOptions> = {}): Promise<Host> {
    const error = (fields: object, message: string) => this.errors.push({ message, ...fields });
    const log = { info: () => {}, warn: () => {}, error };
    const connections = { requests: 10, batches: 5 };
    const host = await Host.start([service], {
      ...this.scene.hostOf(service.name),
      log,
      connections,
      ...options,
    });
    this.#hosts.push(host);
    return host;
  }

  /** Starts an instance of a service in a process of its own. */
  program(participation: Participation): Program {
    const environment = this.scene.environmentOf(participation.service);
    const program = new Program(this.harness.program, environment, participation);
    this.#programs.push(program);
    return program;
  }

  /** Connections to the database of a service: for looking, and for transactions that the case steers. */
  database(service: ServiceName): pg.Pool {
    let pool = this.#pools.get(service);
    if (!pool) {
      pool = new pg.Pool({ connectionString: this.scene.hostOf(service).databaseUrl, max: 20 });
      pool.on("error", () => {});
      this.#pools.set(service, pool);
    }
    return pool;
  }

  async close(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.kill()));
    await Promise.all(this.#hosts.map((host) => host.close(0)));
    await Promise.all([...this.#pools.values()].map((pool) => pool.end()));
    await this.scene.close();
  }
}
