import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { createPool } from "../packages/postgres/src/connection.ts";
import { createTestDatabase, until } from "../packages/testing/src/index.ts";
import { codeBlocks, pages, type Workbench, writeBlocks } from "./code-blocks.ts";
import { get, post, startProgram } from "./programs.fixture.ts";

const tested = ["README.md/shop.ts", "README.md/hello.ts", "docs/tutorial.md/main.ts"];
const testedElsewhere = ["together", "ordering-alone", "billing-alone"].map(
  (name) => `docs/how-to/separate-databases.md/${name}.ts`,
);
const blocks = pages().flatMap(codeBlocks);
let workbench: Workbench;
beforeAll(() => {
  workbench = writeBlocks(blocks.filter(({ name }) => name !== undefined));
});
afterAll(() => workbench.remove());

/** A program of the documentation at work on a database of its own. */
async function start(page: string, name: string) {
  const database = await createTestDatabase();
  const pool = createPool(database.url, { schema: "public", name: "documentation", max: 1 });
  onTestFinished(async () => {
    await pool.end();
    await database.drop();
  });
  const program = await startProgram(workbench.file(page, name), { DATABASE_URL: database.url });
  onTestFinished(() => program.end("SIGKILL"));
  return { url: program.url, rows: async (sql: string) => (await pool.query(sql)).rows };
}

test("the README's first program has the effect of its event in the other service", async () => {
  const { url, rows } = await start("README.md", "shop.ts");
  const order = { id: "01981f4a-7c00-7000-8000-000000000001", total: 1299 };
  await post(`${url}/orders`, order);
  expect(await rows("select id, total from ordering.orders")).toEqual([order]);
  const invoices = await until("billing has written an invoice", async () => {
    const found = await rows("select * from billing.invoices");
    return found.length > 0 && found;
  });
  expect(invoices).toEqual([{ order_id: order.id, total: 1299 }]);
});

test("the README's hello world counts each visit once, and a client reads its own writes", async () => {
  const { url } = await start("README.md", "hello.ts");
  await post(`${url}/greetings`, { name: "Ada" });
  const token = await post(`${url}/greetings`, { name: "Ada" });
  expect(await get(`${url}/guests`, { "consistency-token": token })).toEqual([{ name: "Ada", visits: 2 }]);
});

test("the tutorial's services do what it says", async () => {
  const { url, rows } = await start("docs/tutorial.md", "main.ts");
  const token = await post(`${url}/orders`, { total: 1299 });
  const headers = { "consistency-token": token };
  expect(await get(`${url}/invoices`, headers)).toMatchObject([{ total: 1299, paid: false }]);
  expect(await rows("select type from ordering.tidings_outbox")).toEqual([{ type: "ordering.OrderPlaced" }]);
});

test("no program of the documentation is left out of these tests", () => {
  const programs = blocks.filter(({ code }) => /^(?:const \w+ = )?await run\(/m.test(code));
  expect(programs.map(({ page, name }) => `${page}/${name}`).sort()).toEqual(
    [...tested, ...testedElsewhere].sort(),
  );
});
