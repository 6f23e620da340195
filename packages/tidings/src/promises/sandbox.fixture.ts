import { createTestDatabase, type TestDatabase } from "@tidings/testing";
import pg from "pg";
import type { Service } from "../define-service.ts";
import { Host, type HostOptions } from "../host.ts";
import { Program } from "./program.fixture.ts";

/** A database with the hosts, connections and programs that a test starts on it. All of them end with it. */
export class Sandbox {
  readonly url: string;
  /** For looking: outside of all schemas. */
  readonly pool: pg.Pool;
  /** What hosts logged as errors. */
  readonly errors: { readonly message: string; readonly err?: unknown }[] = [];
  readonly #database: TestDatabase;
  readonly #hosts: Host[] = [];
  readonly #clients: pg.Client[] = [];
  readonly #programs: Program[] = [];

  private constructor(database: TestDatabase) {
    this.#database = database;
    this.url = database.url;
    this.pool = new pg.Pool({ connectionString: this.url, max: 20 });
    this.pool.on("error", () => {});
  }

  static async create(): Promise<Sandbox> {
    return new Sandbox(await createTestDatabase());
  }

  async host(services: readonly Service[], options: Partial<HostOptions> = {}): Promise<Host> {
    const error = (fields: object, message: string) => this.errors.push({ message, ...fields });
    const log = { info: () => {}, warn: () => {}, error };
    const host = await Host.start(services, { databaseUrl: this.url, log, ...options });
    this.#hosts.push(host);
    return host;
  }

  /** A connection of its own, for a transaction that the test steers. */
  async connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.url });
    client.on("error", () => {});
    await client.connect();
    this.#clients.push(client);
    return client;
  }

  /** Starts `<name>.program.fixture.ts` on this database in a process of its own. */
  program(name: string, args: readonly string[] = []): Program {
    const program = new Program(name, [this.url, ...args]);
    this.#programs.push(program);
    return program;
  }

  async close(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.kill()));
    await Promise.all(this.#hosts.map((host) => host.close(0)));
    await Promise.all(this.#clients.map((client) => client.end()));
    await this.pool.end();
    await this.#database.drop();
  }
}
