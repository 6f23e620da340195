import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { createPool } from "../packages/postgres/src/connection.ts";
import {
  createTestDatabase,
  startNatsServer,
  type TestDatabase,
  until,
} from "../packages/testing/src/index.ts";
import { codeBlocks, root, type Workbench, writeBlocks } from "./code-blocks.ts";
import { get, post, type RunningProgram, startProgram } from "./programs.fixture.ts";

const page = "docs/how-to/separate-databases.md";
const sqlBlocks = [...readFileSync(join(root, page), "utf8").matchAll(/^```sql\n(.*?)^```$/gms)];
const [removeOthers = "", notRelayed = "", notHandled = ""] = sqlBlocks.map(([, sql]) => sql);
let workbench: Workbench;
beforeAll(() => {
  workbench = writeBlocks(codeBlocks(page));
});
afterAll(() => workbench.remove());

async function query(database: TestDatabase, sql: string): Promise<object[]> {
  const pool = createPool(database.url, { schema: "public", name: "documentation", max: 1 });
  try {
    return (await pool.query(sql)).rows;
  } finally {
    await pool.end();
  }
}

/** A database that is dropped when the test has finished: empty, or a copy of another one. */
async function databaseOf(other?: TestDatabase): Promise<TestDatabase> {
  const template = other && new URL(other.url).pathname.slice(1);
  const database = await createTestDatabase(template ? { template } : {});
  onTestFinished(() => database.drop());
  return database;
}

async function start(name: string, database: TestDatabase, more = {}): Promise<RunningProgram> {
  const program = await startProgram(workbench.file(page, name), { DATABASE_URL: database.url, ...more });
  onTestFinished(() => program.end("SIGKILL"));
  return program;
}

test("services that were at work together go on apart, each with its database, and lose and repeat nothing", async () => {
  const shop = await databaseOf();
  const together = await start("together.ts", shop);
  const first = await post(`${together.url}/orders`, { total: 1 });
  expect(await get(`${together.url}/invoices`, { "consistency-token": first })).toMatchObject([{ total: 1 }]);
  await together.end("SIGTERM");

  const databases = { ordering: await databaseOf(shop), billing: await databaseOf(shop) };
  await query(databases.ordering, removeOthers);
  const exchanged = { ordering: "billing", billing: "ordering" } as Record<string, string>;
  await query(
    databases.billing,
    removeOthers.replace(/ordering|billing/g, (name) => exchanged[name] ?? name),
  );
  for (const [service, database] of Object.entries(databases))
    expect(await query(database, "select name from tidings.services")).toEqual([{ name: service }]);

  const nats = await startNatsServer();
  onTestFinished(() => nats.stop());
  const billing = await start("billing-alone.ts", databases.billing, { NATS_URL: nats.url });
  const ordering = await start("ordering-alone.ts", databases.ordering, { NATS_URL: nats.url });
  const second = await post(`${ordering.url}/orders`, { total: 2 });
  const invoices = await until(
    "billing has written the second invoice",
    () => get(`${billing.url}/invoices`, { "consistency-token": second }),
    { timeout: 20_000 },
  );
  expect(invoices).toMatchObject([{ total: 1 }, { total: 2 }]);

  await nats.kill();
  await post(`${ordering.url}/orders`, { total: 3 });
  expect(await query(databases.ordering, notRelayed)).toMatchObject([{ waiting: "1" }]);
  expect((await fetch(`${ordering.url}/readyz`)).status, "readiness without the broker").toBe(200);
  await nats.restart();
  await until("the third invoice is there", async () => (await invoicesAt(billing)).length === 3, {
    timeout: 20_000,
  });
  expect(await query(databases.ordering, notRelayed)).toMatchObject([{ waiting: "0" }]);
  expect(await query(databases.billing, notHandled)).toEqual([]);

  await billing.end("SIGTERM");
  await query(databases.billing, goBack);
  const waiting = await query(databases.billing, notHandled);
  expect(waiting).toMatchObject([{ subscription: "billing", source: "ordering", waiting: "3" }]);
});

async function invoicesAt({ url }: RunningProgram): Promise<readonly unknown[]> {
  return (await get(`${url}/invoices`)) as readonly unknown[];
}

/** As if billing had handled nothing of what it has received. */
const goBack = `delete from billing.tidings_cursors where subscription = 'billing';
  insert into billing.tidings_cursors (subscription, source, partition)
  select 'billing', 'ordering', p from generate_series(0, 31) p`;
