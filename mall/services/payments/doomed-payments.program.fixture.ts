import { flushCompileCache } from "node:module";
import { startApplication } from "tidings";
import { asOperator } from "../../access.fixture.ts";
import type { CardProcessor } from "./card-processor.ts";
import { httpCardProcessor } from "./card-processor-http.ts";
import type { DeadlyCall } from "./kill.fixture.ts";
import { payments } from "./service.ts";

/** Serves payments until the call to the processor that is named took effect, and dies there as in a power cut. */
const [databaseUrl = "", processorUrl = "", deadly, holdExpiresMs] = process.argv.slice(2) as [
  string,
  string,
  DeadlyCall,
  string,
];
const real = httpCardProcessor(() => processorUrl);
const service = payments({
  processor: { hold: dyingAt("hold"), capture: dyingAt("capture"), release: dyingAt("release") },
  holdExpiresMs: Number(holdExpiresMs),
  abandonAfterMs: 500,
});

function dyingAt<Name extends DeadlyCall>(name: Name): CardProcessor[Name] {
  const call = async (details: never) => {
    const outcome = await (real[name] as (details: never) => Promise<unknown>)(details);
    if (name === deadly) process.kill(process.pid, "SIGKILL");
    return outcome;
  };
  return call as CardProcessor[Name];
}

const { url } = await startApplication([service], { databaseUrl, port: 0, http: asOperator });
flushCompileCache();
console.log(`serving ${url}`);
