import { systemClock } from "@tidings/core";
import { partitionOf } from "@tidings/core/internal";
import { createTestDatabase, until } from "@tidings/testing";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Ordering, OrderPlaced, OrderShipped, startOrdering } from "./ordering.fixture.ts";
import { createOutbox, Outbox } from "./outbox.ts";
import { publishIn, recordIn } from "./pg.ts";

let ordering: Ordering;
let clients: [pg.Client, pg.Client];
const outbox = createOutbox({ service: "ordering", publishes: [OrderPlaced] });
const order = (orderId: string) => ({ orderId, note: "" });

beforeAll(async () => {
  ordering = await startOrdering();
  const connect = async () => {
    const client = new pg.Client({ connectionString: ordering.url });
    await client.connect();
    return client;
  };
  clients = [await connect(), await connect()];
});

afterAll(async () => {
  await Promise.all(clients.map((client) => client.end()));
  await ordering.stop();
});

const begin = () => Promise.all(clients.map((client) => client.query("begin")));
const keys = async () => (await ordering.recorded()).map(({ key }) => key);

test("the number of partitions is the installed one", async () => {
  const [client] = clients;
  await client.query("begin");
  const wanted = Array.from({ length: 20 }, (_, index) => `partition ${index}`);
  await recordIn(
    client,
    outbox,
    wanted.map((key) => [OrderPlaced, order(key)] as const),
  );
  await client.query("commit");
  const rows = (await ordering.recorded()).filter(({ key }) => wanted.includes(key as string));
  expect(rows.map(({ partition }) => partition)).toEqual(wanted.map((key) => partitionOf(key, 5)));
});

test("a database without Tidings gives the same error as one without the service, and the transaction goes on", async () => {
  const empty = await createTestDatabase();
  const client = new pg.Client({ connectionString: empty.url });
  await client.connect();
  await client.query("begin");
  const recording = publishIn(
    client,
    createOutbox({ service: "ordering", publishes: [OrderPlaced] }),
    OrderPlaced,
    order("1"),
  );
  await expect(recording).rejects.toThrow("Service ordering is not installed in this database");
  expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  await client.end();
  await empty.drop();
});

test("a message that the service does not declare is refused, and nothing is read or written", async () => {
  const recording = publishIn(clients[0], outbox, OrderShipped, order("undeclared"));
  await expect(recording).rejects.toMatchObject({ code: "contract-not-declared" });
  expect(await keys()).not.toContain("undeclared");
});

test("a transaction that records later in a partition waits for the earlier one to commit", async () => {
  const [first, second] = clients;
  await begin();
  await publishIn(first, outbox, OrderPlaced, order("same"), { operationId: "first" });
  let isWaiting = true;
  const late = publishIn(second, outbox, OrderPlaced, order("same"), { operationId: "second" }).then(() => {
    isWaiting = false;
  });
  await until("the second one waits for the lock", async () => {
    const { rows } = await ordering.pool.query(
      "select from pg_locks where locktype = 'advisory' and not granted",
    );
    return rows.length > 0;
  });
  expect(isWaiting).toBe(true);
  await first.query("commit");
  await late;
  await second.query("commit");
  const same = (await ordering.recorded()).filter(({ key }) => key === "same");
  const operationService = "ordering";
  expect(same.map(({ headers }) => headers)).toEqual([
    { operationId: "first", operationService },
    { operationId: "second", operationService },
  ]);
});

test("two transactions that record the same keys in opposite orders do not deadlock", async () => {
  const orders = Array.from({ length: 10 }, (_, index) => order(`both ${index}`));
  const contrary = orders.toReversed();
  for (let round = 0; round < 20; round++) {
    await begin();
    const record = async (client: pg.Client, some: typeof orders) => {
      await recordIn(
        client,
        outbox,
        some.map((one) => [OrderPlaced, one] as const),
      );
      await client.query("commit");
    };
    await Promise.all([record(clients[0], orders), record(clients[1], contrary)]);
  }
});

test("an outbox of a running service wakes the readers, without their poll", async () => {
  const owner = { service: "ordering", records: new Set([OrderPlaced.type]), clock: systemClock };
  const wakes: number[][] = [];
  const awake = new Outbox(owner, ordering.ordering, (partitions) => {
    wakes.push([...partitions]);
    ordering.wake(partitions);
  });
  const [client] = clients;
  await client.query("begin");
  const id = await publishIn(client, awake, OrderPlaced, order("awake"));
  await until("a look came too early", () => wakes.length > 0);
  await client.query("commit");
  await until("the message is delivered", () => ordering.delivered.some((message) => message.id === id), {
    timeout: 900,
  });
  expect(wakes[0]).toEqual([partitionOf("awake", 5)]);
});
