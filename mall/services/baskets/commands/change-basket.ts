import { type AggregateRoot, notFound, type Refusal, type Transaction } from "tidings";
import { Basket, type BasketEvent, type BasketState } from "../basket.ts";
import type { BasketDecision } from "../decide-basket.ts";

/** Which basket a request means, and the version that it has seen, if it names one. */
export interface BasketTarget {
  readonly basketId: string;
  readonly expectedVersion: number | undefined;
}

/**
 * Decides about a basket that exists and stores what happened. Refused: `not-found`, and whatever is decided.
 * @throws TidingsError `stale-version` when the basket is not at the expected version
 */
export async function changeBasket(
  tx: Transaction,
  { basketId, expectedVersion }: BasketTarget,
  decide: (basket: BasketState) => BasketDecision,
): Promise<AggregateRoot<BasketState, BasketEvent> | Refusal> {
  const { version } = await tx.load(Basket, basketId);
  if (version === 0) return notFound("basket", basketId);
  return tx.decide(Basket, basketId, decide, { expectedVersion });
}
