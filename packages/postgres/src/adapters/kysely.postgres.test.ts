import { Kysely, PostgresDialect, type Transaction } from "kysely";
import { createTestPool, testAdapter } from "./adapter-suite.fixture.ts";
import { publishIn, recordIn, sendIn } from "./kysely.ts";

interface Tables {
  readonly note: { readonly text: string };
}

testAdapter<Transaction<Tables>>({ publishIn, sendIn, recordIn }, async (connectionString) => {
  const db = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: createTestPool(connectionString) }),
  });
  return {
    transaction: (work) => db.transaction().execute(work),
    write: (trx, text) => trx.insertInto("note").values({ text }).execute(),
    noTransaction: db,
    close: () => db.destroy(),
  };
});
