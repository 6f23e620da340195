import type { Money } from "@mall/common/money";

/** What the processor decided about a hold. */
export type HoldOutcome =
  | { readonly outcome: "held" }
  | { readonly outcome: "declined"; readonly reason: string };

/**
 * Whoever holds and takes amounts on cards. A reference stands for one hold. Every call may be repeated: with the same
 * reference or key it has no second effect. Where it is not known whether a call took effect, it has failed.
 */
export interface CardProcessor {
  /** Holds an amount, once for a reference. Answers in 5 s. @throws ProcessorUnavailable */
  hold(call: {
    readonly reference: string;
    readonly amount: Money;
    readonly cardToken: string;
  }): Promise<HoldOutcome>;

  /** Takes an amount out of a hold, once for a key. @throws ProcessorUnavailable; Error when so much is not held */
  capture(call: {
    readonly reference: string;
    readonly amount: Money;
    readonly key: string;
    readonly signal?: AbortSignal;
  }): Promise<void>;

  /**
   * Gives a hold back, once for a key. Afterwards nothing is held, nor will be by a request that was on its way.
   * @throws ProcessorUnavailable; Error when the amount was captured
   */
  release(call: {
    readonly reference: string;
    readonly key: string;
    readonly signal?: AbortSignal;
  }): Promise<void>;
}

/** The processor did not answer, or did not answer usefully: nobody knows whether the call took effect. Repeat it. */
export class ProcessorUnavailable extends Error {
  override readonly name = "ProcessorUnavailable";
}
