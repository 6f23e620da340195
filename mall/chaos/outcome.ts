import type { Encounters } from "./patient-shoppers.ts";
import type { FaultRecord } from "./run-faults.ts";

/** Something that must not be, and where to look. */
export interface Violation {
  readonly what: string;
  readonly examples: readonly string[];
}

/** How a run went. */
export interface Outcome {
  readonly seed: number;
  readonly minutes: number;
  readonly records: readonly FaultRecord[];
  /** How many orders ended as what, and how many checkouts shoppers saw accepted. */
  readonly orders: { readonly accepted: number; readonly byStatus: Readonly<Record<string, number>> };
  readonly encounters: Encounters;
  readonly violations: readonly Violation[];
}
