import { defineService, type Service } from "tidings";
import { http } from "./http.ts";

export interface ProcessorOptions {
  /** What a caller sends as `Processor-Key`. Everybody may call it when left out. */
  readonly key?: string | undefined;
  /** Whether `GET /processor/ledger` shows everybody what it saw: true. */
  readonly showsLedger?: boolean;
}

/**
 * A simulated card processor: it stands for somebody else's system, so the Mall reaches it over HTTP alone. It keeps its
 * ledger in a schema of its own and knows the test cards of test-cards.ts only.
 */
export function processor({ key, showsLedger = true }: ProcessorOptions = {}): Service {
  return defineService("processor", {
    migrations: new URL("./migrations/", import.meta.url),
    http: http({ key, showsLedger }),
  });
}
