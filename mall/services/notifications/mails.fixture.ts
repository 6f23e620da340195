import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CustomerRegistered } from "@mall/customers/contract";
import { ShoppingListAssigned } from "@mall/depot/contract";
import { OrderApproved, OrderPlaced, OrderRejected } from "@mall/ordering/contract";
import { createTestDatabase, until } from "@tidings/testing";
import { type DataOf, defineService, Host, type HostOptions, type Service, uuidv7 } from "tidings";
import type { MailState } from "./contract.ts";
import { smtpMailer } from "./mailer-smtp.ts";
import { notifications } from "./service.ts";
import { MailServer } from "./smtp-server.fixture.ts";

export function ids(count: number): string[] {
  return Array.from({ length: count }, () => uuidv7());
}

/** They stand for the services whose events are told: they record what a test says. */
const sources = [
  defineService("customers", { publishes: [CustomerRegistered] }),
  defineService("ordering", { publishes: [OrderPlaced, OrderApproved, OrderRejected] }),
  defineService("depot", { publishes: [ShoppingListAssigned] }),
];

const quiet = { info() {}, warn() {}, error() {} };

/** A mail server, a database, and hosts of notifications on it, as many as a test starts. */
export class Post {
  readonly server = new MailServer();
  /** What was warned of. */
  readonly warnings: object[] = [];
  readonly #databaseUrl: string;
  readonly #hosts: Host[] = [];
  readonly #told: Host;
  readonly #drop: () => Promise<void>;

  private constructor(databaseUrl: string, told: Host, drop: () => Promise<void>) {
    this.#databaseUrl = databaseUrl;
    this.#told = told;
    this.#drop = drop;
  }

  static async open(): Promise<Post> {
    const database = await createTestDatabase();
    const told = await Host.start(sources, { databaseUrl: database.url, log: quiet });
    const post = new Post(database.url, told, () => database.drop());
    await post.server.start();
    return post;
  }

  /** For looking into the tables of notifications. */
  get pool() {
    return this.#told.runtime("customers").pool;
  }

  /** Starts notifications; with mail through the server unless told otherwise. */
  async start(service: Service = this.service(), options: Partial<HostOptions> = {}): Promise<Host> {
    const host = await Host.start([service], { databaseUrl: this.#databaseUrl, log: quiet, ...options });
    this.#hosts.push(host);
    return host;
  }

  service(): Service {
    const log = { warn: (fields: object) => void this.warnings.push(fields) };
    return notifications({ mail: smtpMailer(this.server.url), log });
  }

  /** Runs notifications in a process of its own, which dies at a moment; see `mailing.program.fixture.ts`. */
  async runUntilDeath(moment: string, onStarted: (kill: () => void) => void = () => {}): Promise<void> {
    const file = fileURLToPath(new URL("./mailing.program.fixture.ts", import.meta.url));
    const args = ["--conditions=source", file, this.#databaseUrl, this.server.url, moment];
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "tidings-test-compile-cache") },
    });
    onStarted(() => child.kill("SIGKILL"));
    await new Promise<void>((resolve, reject) => {
      child.once("close", (code, signal) =>
        signal === "SIGKILL" ? resolve() : reject(new Error(`The program ended with ${code ?? signal}.`)),
      );
    });
  }

  async register(email = "mina@example.com"): Promise<string> {
    const customerId = uuidv7();
    const data = { customerId, name: "Mina Okafor", email, smsNumber: "+15550100" };
    await this.#told.transaction("customers", async (tx) => void tx.publish(CustomerRegistered, data));
    return customerId;
  }

  /** Orders of a customer, placed in one transaction. */
  async place(customerId: string, orderIds: readonly string[] = [uuidv7()]): Promise<void> {
    const example = OrderPlaced.example as DataOf<typeof OrderPlaced>;
    await this.#told.transaction("ordering", async (tx) => {
      for (const orderId of orderIds) tx.publish(OrderPlaced, { ...example, orderId, customerId });
    });
  }

  async assign(orderId: string): Promise<void> {
    const example = ShoppingListAssigned.example as DataOf<typeof ShoppingListAssigned>;
    await this.#told.transaction(
      "depot",
      async (tx) => void tx.publish(ShoppingListAssigned, { ...example, orderId }),
    );
  }

  /** The kinds in a customer's inbox. */
  async inbox(customerId: string): Promise<string[]> {
    const { rows } = await this.pool.query(
      "select kind from notifications.notifications where customer_id = $1 order by at, id",
      [customerId],
    );
    return rows.map(({ kind }) => kind);
  }

  /** The notes of all mails. */
  async notes(): Promise<{ notification_id: string; state: MailState; reply_code: number | null }[]> {
    const { rows } = await this.pool.query("select * from notifications.mails order by notification_id");
    return rows;
  }

  /** Waits until so many mails have come to an end. @returns their states */
  async whenSettled(count: number): Promise<MailState[]> {
    const states = async () => (await this.notes()).map(({ state }) => state);
    const isOpen = (state: MailState) => state === "waiting" || state === "sending";
    return until(
      `${count} mails are settled`,
      async () => {
        const seen = await states();
        return seen.length === count && !seen.some(isOpen) && seen;
      },
      { timeout: 20_000 },
    );
  }

  /** Waits until every command to send a mail has been handled to its end. */
  async whenHandled(): Promise<void> {
    await until(
      "all commands are handled",
      async () => {
        const { rows } = await this.pool.query(
          `select not exists (select from notifications.tidings_parked) and not exists (
             select from notifications.tidings_outbox o where o.position > coalesce((
               select max(c.position) from notifications.tidings_cursors c
               where c.source = 'notifications' and c.partition = o.partition), 0)) as done`,
        );
        return rows[0].done as boolean;
      },
      { timeout: 20_000 },
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host.close(0)));
    await this.#told.close(0);
    await this.server.stop();
    await this.#drop();
  }
}
