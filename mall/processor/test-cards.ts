/** What becomes of a hold on a card. */
export type HoldResult =
  | { readonly status: "held" | "failed" }
  | { readonly status: "declined"; readonly reason: string };

/** How a card behaves: at the first request for a reference, at later ones, and whether it is answered at all. */
export interface TestCard {
  readonly first: HoldResult;
  readonly later: HoldResult;
  readonly silent: boolean;
}

const held: HoldResult = { status: "held" };

const cards = new Map<string, TestCard>([
  ["tok_ok", { first: held, later: held, silent: false }],
  ["tok_flaky", { first: { status: "failed" }, later: held, silent: false }],
  ["tok_timeout", { first: held, later: held, silent: true }],
  ["tok_declined", declined("card-declined")],
  ["tok_insufficient_funds", declined("insufficient-funds")],
]);

/** The card behind a token: one that the processor does not know is declined as `unknown-card`. */
export function cardOf(token: string): TestCard {
  return cards.get(token) ?? declined("unknown-card");
}

function declined(reason: string): TestCard {
  const result: HoldResult = { status: "declined", reason };
  return { first: result, later: result, silent: false };
}
