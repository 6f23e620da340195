// A program for the tests: it locks the row of a table in a transaction and tells its parent so. After SIGUSR2 it commits, and
// tells how that went.
import { systemClock } from "@tidings/core";
import { createPool } from "./connection.ts";
import { storeOf } from "./store.ts";
import { useUnit } from "./unit-of-work.ts";

const [, , url = ""] = process.argv;
const pool = createPool(url, { schema: "public", name: "keep-alive", max: 1 });
const context = { store: storeOf("public", 1), clock: systemClock, views: [], records: new Set<string>() };
const signalled = new Promise<void>((resolve) => process.on("SIGUSR2", () => resolve()));

try {
  await useUnit(pool, context, async (unit) => {
    await unit.query({ text: "update place set visits = visits + 1" });
    process.send?.("locked");
    await signalled;
    await unit.commit();
  });
  process.send?.("committed");
} catch (error) {
  process.send?.(`failed: ${(error as Error).message}`);
}
await pool.end();
process.disconnect();
