import pg from "pg";
import { expect, test } from "vitest";
import { createTestPool, testAdapter } from "./adapter-suite.fixture.ts";
import { OrderPlaced } from "./ordering.fixture.ts";
import { createOutbox } from "./outbox.ts";
import { publishIn, recordIn, sendIn } from "./pg.ts";

let idle: pg.Client;

testAdapter<pg.ClientBase>({ publishIn, sendIn, recordIn }, async (connectionString) => {
  const pool = createTestPool(connectionString);
  idle = new pg.Client({ connectionString });
  await idle.connect();
  return {
    async transaction(work) {
      const client = await pool.connect();
      try {
        await client.query("begin");
        await work(client);
        await client.query("commit");
      } catch (error) {
        await client.query("rollback");
        throw error;
      } finally {
        client.release();
      }
    },
    write: (client, text) => client.query("insert into note values ($1)", [text]),
    noTransaction: pool,
    close: () => Promise.all([pool.end(), idle.end()]),
  };
});

const outbox = createOutbox({ service: "ordering", publishes: [OrderPlaced] });
const order = { orderId: "1", note: "" };

test("a client that did not begin a transaction records nothing", async () => {
  const recording = publishIn(idle, outbox, OrderPlaced, order);
  await expect(recording).rejects.toThrow('query "begin" on this client first');
  expect((await idle.query("select from ordering.tidings_outbox where key = '1'")).rowCount).toBe(0);
});

test("a begin that was not awaited is a transaction, and no statement stays prepared on the connection", async () => {
  void idle.query("begin");
  await publishIn(idle, outbox, OrderPlaced, order);
  await idle.query("commit");
  expect((await idle.query("select from ordering.tidings_outbox where key = '1'")).rowCount).toBe(1);
  expect((await idle.query("select from pg_prepared_statements")).rowCount).toBe(0);
});
