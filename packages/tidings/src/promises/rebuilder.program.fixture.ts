import { Host } from "../host.ts";
import { killSelf, programLog, sayReady } from "./program.fixture.ts";
import { counter } from "./rebuild.fixture.ts";

/**
 * Counts changes, starts a rebuild of its counts or goes on with the one that is running, and dies at the n-th
 * occurrence of a step: `rebuilder.program.fixture.ts <url> <step> <n>`.
 */
const [databaseUrl = "", step = "", count = "0"] = process.argv.slice(2);
let occurrences = 0;

const service = counter(undefined, {
  tables: ["balances", "versions"],
  service: { subscription: { batchSize: 50 } },
});
const host = await Host.start([service], {
  databaseUrl,
  log: programLog,
  probe: (reached) => {
    if (reached === step && ++occurrences === Number(count)) killSelf();
  },
});
await host.startRebuild("counter", "balances").catch((error: { readonly code?: string }) => {
  if (error.code !== "rebuild-running") throw error;
});
sayReady();
