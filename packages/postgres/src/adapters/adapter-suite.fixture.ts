import { randomUUID } from "node:crypto";
import { until } from "@tidings/testing";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Ordering, OrderPlaced, OrderShipped, PayOrder, startOrdering } from "./ordering.fixture.ts";
import { createOutbox } from "./outbox.ts";
import type { Recorder } from "./recorder.ts";

/** The user's own code: a database library, connected. */
export interface UserCode<Transaction> {
  /** Commits when `work` returns, rolls back when it throws. */
  transaction(work: (transaction: Transaction) => Promise<void>): Promise<unknown>;
  /** Inserts into the table `note`. */
  write(transaction: Transaction, text: string): Promise<unknown>;
  /** What is easily mistaken for a transaction. */
  readonly noTransaction: unknown;
  close(): Promise<unknown>;
}

/** A pool whose connections may be cut when the database is dropped under them. */
export function createTestPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString });
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

/** What every adapter promises. */
export function testAdapter<Transaction>(
  adapter: Recorder<Transaction>,
  connect: (url: string) => Promise<UserCode<Transaction>>,
) {
  let ordering: Ordering;
  let user: UserCode<Transaction>;
  const { publishIn, sendIn, recordIn } = adapter;
  const outbox = createOutbox({
    service: "ordering",
    publishes: [OrderPlaced, OrderShipped],
    sends: [PayOrder],
  });

  beforeAll(async () => {
    ordering = await startOrdering();
    user = await connect(ordering.url);
  });

  afterAll(async () => {
    await user.close();
    await ordering.stop();
  });

  const recordedIds = async () => (await ordering.recorded()).map(({ id }) => id);
  const delivered = (id: string) =>
    until(`${id} is delivered`, async () => {
      await ordering.runtime.poll();
      return ordering.delivered.find((message) => message.id === id);
    });

  test("a message whose transaction commits exists, with the user's own change, and is delivered", async () => {
    const order = { orderId: randomUUID(), note: `'"$1?\\ \u0000 ${"\u{1f600}"}` };
    let id = "";
    await user.transaction(async (tx) => {
      await user.write(tx, order.orderId);
      id = await publishIn(tx, outbox, OrderPlaced, order, { operationId: "op" });
      expect(await recordedIds()).not.toContain(id);
    });
    expect(await ordering.notes()).toContain(order.orderId);
    const envelope = {
      type: OrderPlaced.type,
      source: "ordering",
      key: order.orderId,
      correlationId: id,
      causationId: null,
    };
    expect(await delivered(id)).toMatchObject({ ...envelope, data: order, headers: { operationId: "op" } });
  });

  test("a message whose transaction rolls back does not exist", async () => {
    const before = await recordedIds();
    const orderId = randomUUID();
    const work = user.transaction(async (tx) => {
      await user.write(tx, orderId);
      await publishIn(tx, outbox, OrderPlaced, { orderId, note: "" });
      throw new Error("changed my mind");
    });
    await expect(work).rejects.toThrow("changed my mind");
    expect(await recordedIds()).toEqual(before);
    expect(await ordering.notes()).not.toContain(orderId);
  });

  test("an invalid message throws and records nothing, not even its valid companion, and the transaction goes on", async () => {
    const before = await recordedIds();
    const orderId = randomUUID();
    await user.transaction(async (tx) => {
      const invalid = { note: "" } as never;
      const recording = recordIn(tx, outbox, [
        [OrderPlaced, { orderId, note: "" }],
        [OrderPlaced, invalid],
      ]);
      await expect(recording).rejects.toMatchObject({ code: "message-invalid" });
      await user.write(tx, orderId);
    });
    expect(await recordedIds()).toEqual(before);
    expect(await ordering.notes()).toContain(orderId);
  });

  test("several messages are recorded in their order, and a command asks for its reply", async () => {
    const order = { orderId: randomUUID(), note: "" };
    let ids: string[] = [];
    await user.transaction(async (tx) => {
      ids = await recordIn(tx, outbox, [
        [OrderShipped, order],
        [PayOrder, order],
        [OrderPlaced, order],
      ]);
      ids.push(await sendIn(tx, outbox, PayOrder, order));
    });
    const rows = (await ordering.recorded()).slice(-4);
    expect(rows.map(({ id }) => id)).toEqual(ids);
    expect(rows.map(({ kind }) => kind)).toEqual(["event", "command", "event", "command"]);
    expect(rows[1]).toMatchObject({ headers: { replyTo: "ordering" } });
    await delivered(ids[2] as string);
  });

  test("a service that is not installed is named, and the transaction goes on", async () => {
    const stranger = createOutbox({ service: "shipping", publishes: [OrderPlaced] });
    const text = randomUUID();
    await user.transaction(async (tx) => {
      const recording = publishIn(tx, stranger, OrderPlaced, { orderId: "1", note: "" });
      await expect(recording).rejects.toThrow(
        "Service shipping is not installed in this database: run its migrations first.",
      );
      await user.write(tx, text);
    });
    expect(await ordering.notes()).toContain(text);
  });

  test("outside a transaction nothing is recorded", async () => {
    const before = await recordedIds();
    const recording = publishIn(user.noTransaction as Transaction, outbox, OrderPlaced, {
      orderId: "1",
      note: "",
    });
    await expect(recording).rejects.toThrow("A message can only be recorded inside a transaction");
    expect(await recordedIds()).toEqual(before);
  });
}
