import { createTestDatabase, type TestDatabase, until } from "@tidings/testing";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConsistencyGate, type ConsistencyToken, type ReachQuestion } from "../consistency.ts";
import { moveCursors } from "../cursors.ts";
import { migrateService } from "../migrate.ts";
import { recordMessages } from "../record-messages.ts";
import { readRegistry, registerSubscription } from "../registry.ts";
import { inboxLog, receiptsSuffix, type SourceLog } from "../source-log.ts";
import { messageOf } from "./entries.fixture.ts";

let database: TestDatabase;
let pool: pg.Pool;
let asked: string[] = [];
let answered: string[] = [];
beforeEach(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 4 });
});
afterEach(async () => {
  [asked, answered] = [[], []];
  await pool.end();
  await database.drop();
});

/** Services that know of each other only by way of questions. What `down` names does not answer. */
class Shops {
  readonly #parts = new Map<string, Part>();
  down: string | undefined;

  /** @param sources the services to whose events it reacts */
  async add(service: string, sources: readonly string[]): Promise<Part> {
    const client = await pool.connect();
    const contracts = sources.map((source) => ({ role: "handles" as const, type: `${source}.Happened` }));
    const store = await migrateService(client, { service, partitions: 1, migrations: [], contracts });
    client.release();
    const logs = new Map(sources.map((source) => [source, inboxLog(store, source, 1)]));
    for (const log of logs.values()) await registerSubscription(pool, store, service, log);
    const { subscriptions } = await readRegistry(pool as unknown as pg.ClientBase);
    const registry = {
      stores: new Map([[service, store]]),
      senders: new Map(),
      subscriptions: subscriptions.filter((entry) => entry.service === service),
    };
    const gate = new ConsistencyGate({
      client: pool as unknown as pg.ClientBase,
      registry: () => registry,
      routes: (_, source) => logs.get(source),
      catchUp: () => {},
      ask: (name, question, timeoutMs) => this.#ask(name, question, timeoutMs),
    });
    const part = { service, store, gate, logs };
    this.#parts.set(service, part);
    return part;
  }

  /** The question and its answer travel as JSON; nobody waits longer than the time-out for it. */
  async #ask(service: string, question: ReachQuestion, timeoutMs: number): Promise<unknown> {
    asked.push(service);
    const part = this.#parts.get(service);
    const silence = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs).unref());
    if (!part || this.down === service) return silence;
    const answer = part.gate.answer(service, JSON.parse(JSON.stringify(question)));
    const given = JSON.stringify(await answer);
    setImmediate(() => answered.push(service));
    return JSON.parse(given);
  }
}

interface Part {
  readonly service: string;
  readonly store: Awaited<ReturnType<typeof migrateService>>;
  readonly gate: ConsistencyGate;
  readonly logs: ReadonlyMap<string, SourceLog>;
}

/** A service has received and handled the log of another one up to a position. */
async function handle({ service, store, logs }: Part, from: string, position: number): Promise<void> {
  const source = logs.get(from);
  if (!source) throw new Error(`${service} does not read ${from}.`);
  for (const subscription of [service + receiptsSuffix, service])
    await pool.query(moveCursors({ subscription, source, store }, new Map([[0, position]])));
}

async function record({ store }: Part): Promise<number> {
  const { rows } = await pool.query<{ position: string }>(recordMessages(store, [messageOf()]));
  return Number(rows[0]?.position);
}

const tokenOf = (service: string, position: number): ConsistencyToken =>
  new Map([[service, new Map([[0, position]])]]);

/** What it has come to so far. */
function watch(promise: Promise<boolean>) {
  const seen: { outcome: boolean | "open" } = { outcome: "open" };
  void promise.then((outcome) => {
    seen.outcome = outcome;
  });
  return seen;
}

describe("a token of a service that is two databases away", () => {
  it("is reached when each on the way has handled it, and what came of it", async () => {
    const shops = new Shops();
    await shops.add("baskets", []);
    const ordering = await shops.add("ordering", ["baskets"]);
    const notices = await shops.add("notices", ["ordering"]);
    const seen = watch(notices.gate.consistent(tokenOf("baskets", 5), "notices", 20_000));
    await until("the question has travelled", () => asked.includes("baskets"));
    const recorded = await record(ordering);
    await handle(ordering, "baskets", 5);
    await until("ordering has answered", () => answered.includes("ordering"));
    expect(seen.outcome).toBe("open");
    await handle(notices, "ordering", recorded);
    expect(await until("it is reached", () => seen.outcome !== "open" && [seen.outcome])).toEqual([true]);
  });

  it("concerns nobody who does not read it, directly or by way of others", async () => {
    const shops = new Shops();
    await shops.add("baskets", []);
    await shops.add("ordering", []);
    const notices = await shops.add("notices", ["ordering"]);
    expect(await notices.gate.consistent(tokenOf("baskets", 5), "notices", 5_000)).toBe(true);
  });

  it("ends also where services read each other, asking each once", async () => {
    const shops = new Shops();
    const baskets = await shops.add("baskets", ["notices", "ordering"]);
    const ordering = await shops.add("ordering", ["baskets", "notices"]);
    const notices = await shops.add("notices", ["ordering", "baskets"]);
    for (const from of ["ordering", "baskets"]) await handle(notices, from, 5);
    for (const from of ["baskets", "notices"]) await handle(ordering, from, 5);
    for (const from of ["ordering", "notices"]) await handle(baskets, from, 5);
    expect(await notices.gate.consistent(tokenOf("baskets", 5), "notices", 5_000)).toBe(true);
    expect([...asked].sort()).toEqual(["baskets", "ordering"]);
  });
});

describe("a token that is not reached", () => {
  it.each(["ordering", "baskets"])("is late after the time when %s does not answer", async (down) => {
    const shops = new Shops();
    await shops.add("baskets", []);
    const ordering = await shops.add("ordering", ["baskets"]);
    const notices = await shops.add("notices", ["ordering"]);
    await handle(ordering, "baskets", 5);
    shops.down = down;
    const begun = performance.now();
    expect(await notices.gate.consistent(tokenOf("baskets", 5), "notices", 600)).toBe(false);
    expect(performance.now() - begun).toBeGreaterThan(500);
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  it("is late after the time when one on the way does not come so far", async () => {
    const shops = new Shops();
    await shops.add("baskets", []);
    const ordering = await shops.add("ordering", ["baskets"]);
    const notices = await shops.add("notices", ["ordering"]);
    await handle(ordering, "baskets", 4);
    const begun = performance.now();
    expect(await notices.gate.consistent(tokenOf("baskets", 5), "notices", 600)).toBe(false);
    expect(performance.now() - begun).toBeLessThan(2_000);
  });
});
