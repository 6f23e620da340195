import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import { pgTable, text as textColumn } from "drizzle-orm/pg-core";
import { createTestPool, testAdapter } from "./adapter-suite.fixture.ts";
import { publishIn, recordIn, sendIn } from "./drizzle.ts";

const note = pgTable("note", { text: textColumn().notNull() });

type Transaction = Parameters<Parameters<NodePgDatabase["transaction"]>[0]>[0];

testAdapter<Transaction>({ publishIn, sendIn, recordIn }, async (connectionString) => {
  const pool = createTestPool(connectionString);
  const db = drizzle({ client: pool });
  return {
    transaction: (work) => db.transaction(work),
    write: (tx, text) => tx.insert(note).values({ text }),
    noTransaction: db,
    close: () => pool.end(),
  };
});
