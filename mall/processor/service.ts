import { defineService, type Service } from "tidings";
import { http, type ProcessorOptions } from "./http.ts";

/**
 * A simulated card processor: it stands for somebody else's system, so the Mall reaches it over HTTP alone. It keeps its
 * ledger in a schema of its own and knows the test cards of test-cards.ts only.
 */
export function processor(options: ProcessorOptions = {}): Service {
  return defineService("processor", {
    migrations: new URL("./migrations/", import.meta.url),
    http: http(options),
  });
}
