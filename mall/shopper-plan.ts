import { type Random, randomOf } from "./shopper-random.ts";

/** How a shopper pays; a payment that is `reused` has paid for an order before. */
export const cards = ["ok", "flaky", "declined", "insufficient", "too-small", "unknown", "reused"] as const;
export type Card = (typeof cards)[number];

/** What a shopper means to do. Whether it works out is the mall's to say. */
export interface Plan {
  readonly searchesFor: string;
  /** What is put into the basket: which store and which of its products, as fractions of what there is. */
  readonly lines: readonly { readonly store: number; readonly product: number; readonly quantity: number }[];
  readonly removes: "nothing" | "a unit" | "a line";
  readonly leavesBasket: boolean;
  readonly card: Card;
  readonly acceptsPriceChanges: boolean;
  /** The customer is disabled right before it checks out. */
  readonly isDisabled: boolean;
  /** How the outcome of the checkout is learned. */
  readonly follows: "waiting" | "polling" | "streaming";
  readonly cancels: "never" | "at once" | "later";
  readonly pays: "once" | "twice" | "twice at once";
  /** For choices on the way. */
  readonly random: Random;
}

/** What the shopper of this number does: always the same for the same seed. */
export function planOf(seed: number, shopper: number): Plan {
  const random = randomOf(`${seed} shopper ${shopper}`);
  return {
    searchesFor: random.pick(["ink", "lantern", "tea", "paper", "travling", "brass cup"]),
    lines: Array.from({ length: random.between(1, 4) }, () => ({
      store: random.fraction(),
      product: random.fraction(),
      quantity: random.between(1, 3),
    })),
    removes: oneOf(random, { nothing: 80, "a unit": 10, "a line": 10 }),
    leavesBasket: random.chance(0.03),
    card: oneOf(random, {
      ok: 74,
      flaky: 6,
      declined: 5,
      insufficient: 4,
      "too-small": 4,
      unknown: 2,
      reused: 5,
    }),
    acceptsPriceChanges: random.chance(0.8),
    isDisabled: random.chance(0.02),
    follows: oneOf(random, { waiting: 40, polling: 40, streaming: 20 }),
    cancels: oneOf(random, { never: 76, "at once": 12, later: 12 }),
    pays: oneOf(random, { once: 84, twice: 8, "twice at once": 8 }),
    random,
  };
}

function oneOf<Name extends string>(random: Random, weights: Readonly<Record<Name, number>>): Name {
  const entries = Object.entries(weights) as [Name, number][];
  let left = random.fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  const found = entries.find(([, weight]) => {
    left -= weight;
    return left < 0;
  });
  return (found ?? (entries[0] as [Name, number]))[0];
}
