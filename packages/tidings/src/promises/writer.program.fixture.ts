import { Host } from "../host.ts";
import { change, changeIn, keysOf, ledger } from "./ledger.fixture.ts";
import { killSelf, programLog, sayReady } from "./program.fixture.ts";

/**
 * Changes accounts, and dies where it is told to: `before-commit` (the account is written, the message is published,
 * the commit is not sent), `after-commit` (nothing else has happened, no subscriber was told), or `never`: it changes
 * account after account, four at a time, until it is killed.
 */
const [databaseUrl = "", where] = process.argv.slice(2);
const host = await Host.start([ledger], { databaseUrl, log: programLog });
sayReady();

if (where === "after-commit") host.runtime("ledger").context.committed = killSelf;
if (where === "never") {
  await Promise.all(keysOf("account-", 4).map((key) => changeForEver(key)));
} else {
  await host.transaction("ledger", async (tx) => {
    await changeIn(tx, "account-0");
    if (where === "before-commit") killSelf();
  });
}

async function changeForEver(key: string): Promise<never> {
  for (;;) await change(host, key);
}
