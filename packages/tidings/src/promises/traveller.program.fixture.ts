import { writeSync } from "node:fs";
import { Host } from "../host.ts";
import { killSelf, programLog, sayReady } from "./program.fixture.ts";
import { activity, desk, owners, trips } from "./trips.fixture.ts";

/**
 * Runs the trips and all their owners, and dies at a step of a batch when it has done n things:
 * `traveller.program.fixture.ts <url> <step> <n>`.
 */
const [databaseUrl = "", step = "", count = "1"] = process.argv.slice(2);

await Host.start([desk, trips(), ...owners], {
  databaseUrl,
  log: programLog,
  connections: { requests: 1, batches: 3 },
  probe: (reached) => {
    if (reached !== step || activity.length < Number(count)) return;
    writeSync(1, `${activity.join(" ")}\n`);
    killSelf();
  },
});
sayReady();
