import { setTimeout as pause } from "node:timers/promises";
import { describeFault, type Fault } from "./fault-kinds.ts";
import type { Injected } from "./inject.ts";
import type { ProgressLog, Recovery } from "./progress-log.ts";

/** A fault that was made, and how the Mall got over it. */
export interface FaultRecord {
  readonly fault: Fault;
  readonly recovery: Recovery;
}

export interface RunFaultsOptions {
  readonly plan: Iterator<Fault>;
  readonly progress: ProgressLog;
  readonly inject: (fault: Fault) => Promise<Injected>;
  /** Told when a fault begins, in words. */
  readonly begins: (what: string) => void;
  /** Told how it ended, when the next one is about to begin. */
  readonly ends: (record: FaultRecord, firstProgressMs: number | undefined) => void;
  /** Told of a fault that could not be made, with the reason. */
  readonly fails: (fault: Fault, reason: Error) => void;
  /** Ends the series after the fault that is under way and its rest. */
  readonly isOver: () => boolean;
  readonly signal: AbortSignal;
}

/**
 * Makes one fault after the other. How long the Mall takes to recover from one is the longest time without progress
 * from its beginning until the next one is about to begin; from its end, if it is a pause or a cut, whose length is ours.
 */
export async function runFaults(options: RunFaultsOptions): Promise<FaultRecord[]> {
  const { plan, signal, isOver } = options;
  const records: FaultRecord[] = [];
  let next = plan.next().value as Fault;
  await rest(next, signal);
  while (!signal.aborted && !isOver()) {
    const fault = next;
    next = plan.next().value as Fault;
    const record = await make(fault, next, options);
    if (record) records.push(record);
  }
  return records;
}

async function make(
  fault: Fault,
  next: Fault,
  { progress, inject, begins, ends, fails, signal }: RunFaultsOptions,
): Promise<FaultRecord | undefined> {
  begins(describeFault(fault));
  try {
    const { began, ended } = await inject(fault);
    await rest(next, signal);
    if (signal.aborted) return undefined;
    const from = fault.lastsMs > 0 ? ended : began;
    const record = { fault, recovery: progress.recoveryBetween(from, performance.now()) };
    ends(record, progress.firstAfter(from));
    return record;
  } catch (error) {
    if (!signal.aborted) fails(fault, error as Error);
    return undefined;
  }
}

async function rest({ afterMs }: Fault, signal: AbortSignal): Promise<void> {
  await pause(afterMs, undefined, { signal }).catch(() => {});
}
