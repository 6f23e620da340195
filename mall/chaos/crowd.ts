import { setTimeout as pause } from "node:timers/promises";
import type { Place } from "../shopper-client.ts";
import { runCrowd } from "../shopper-crowd.ts";
import { readSpec } from "../shopper-spec.ts";
import type { Tally } from "../shopper-tally.ts";
import type { Violation } from "./outcome.ts";
import { type Encounters, patientShoppers } from "./patient-shoppers.ts";

export interface CrowdOptions {
  /** The gateway's address. */
  readonly url: string;
  readonly seed: number;
  readonly shoppers: number;
  readonly tally: Tally;
  readonly encounters: Encounters;
  readonly mayBeLost: () => boolean;
  readonly signal: AbortSignal;
}

/** Shoppers in the Mall. */
export interface PatientCrowd {
  /** Lets nobody in any more, and waits until the last has finished what it has begun, for two minutes. */
  leave(): Promise<Violation[]>;
}

const leavingMs = 120_000;
/** So much that must not be is enough to know that something is wrong. */
const enoughTrouble = 500;

/** Lets so many patient shoppers in at a time. */
export async function letShoppersIn(options: CrowdOptions): Promise<PatientCrowd> {
  const { url, seed, shoppers, tally } = options;
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const inspect = await readSpec(url);
  const patience = patientShoppers({ ...options, inspect, signal });
  const place: Place = { url, tally, signal, inspect, patience };
  let isOpen = true;
  let hasEnded = false;
  const comesNext = () => isOpen && tally.unexpected.length < enoughTrouble;
  const crowd = runCrowd(place, { shoppers, seed, name: `${seed}.${Date.now()}`, comesNext }).finally(() => {
    hasEnded = true;
  });
  return {
    leave: async () => {
      isOpen = false;
      const waiting = new AbortController();
      const late = pause(leavingMs, undefined, { signal: waiting.signal }).catch(() => {});
      await Promise.race([crowd, late]);
      waiting.abort();
      const open = [...tally.accepted].filter((id) => !tally.orders.has(id));
      const isLate = !hasEnded;
      ending.abort();
      await crowd;
      if (!isLate) return [];
      const examples = open.slice(0, 10).map((id) => `the shopper of order ${id}`);
      return [{ what: "Shoppers have not finished two minutes after the last fault", examples }];
    },
  };
}
