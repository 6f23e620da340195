import { on } from "@tidings/core";
import { Host } from "../host.ts";
import { Changed, follower, keep } from "./ledger.fixture.ts";
import { killSelf, programLog, sayReady } from "./program.fixture.ts";

/**
 * Follows the ledger, and dies at the n-th occurrence of a step of its batches: `follower.program.fixture.ts <url> <step> <n>`.
 * Every seventh version of an account fails the first times that this process meets it, after its effect was
 * written: so batches are rolled back and isolated, messages are parked and retried.
 */
const [databaseUrl = "", step = "", count = "0"] = process.argv.slice(2);
/** Twice where it is to die in the retry of a message that has already failed in a retry. */
const failures = step ? 2 : 1;
const met = new Map<string, number>();
let occurrences = 0;

const service = follower({
  reacts: [
    on(Changed, async (event, tx) => {
      await keep(event, tx);
      const meetings = (met.get(event.id) ?? 0) + 1;
      met.set(event.id, meetings);
      if (event.data.version % 7 === 0 && meetings <= failures) throw new Error("Every seventh fails.");
    }),
  ],
  subscription: { batchSize: 40, retry: { attempts: 1_000, minDelayMs: 1, maxDelayMs: 20 } },
});

await Host.start([service], {
  databaseUrl,
  log: programLog,
  connections: { requests: 2, batches: 5 },
  probe: (reached) => {
    if (reached === step && ++occurrences === Number(count)) killSelf();
  },
});
sayReady();
