// A worker for the tests: takes and frees the lock again and again, and counts how often it was not alone in it.
import { setImmediate as turn } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { acquireLock } from "./lock.ts";

const { directory, rounds, inside } = workerData as {
  directory: string;
  rounds: number;
  inside: Int32Array;
};
let acquired = 0;
let notAlone = 0;
for (let round = 0; round < rounds; round++) {
  const attempt = await acquireLock(directory);
  if (!attempt.acquired) continue;
  acquired++;
  if (Atomics.add(inside, 0, 1) > 0) notAlone++;
  await turn();
  Atomics.sub(inside, 0, 1);
  attempt.release();
}
parentPort?.postMessage({ acquired, notAlone });
