import { setTimeout as pause } from "node:timers/promises";
import { money } from "@mall/common/money";
import { uuidv7 } from "tidings";
import { type Basket, leaveBasket } from "./shopper-basket.ts";
import { type ShopperClient, Unexpected } from "./shopper-client.ts";
import type { Card, Plan } from "./shopper-plan.ts";
import { followStream } from "./shopper-stream.ts";

/** An operation, as far as shoppers care. */
export interface Operation {
  readonly name: `operations/${string}`;
  readonly done: boolean;
  readonly metadata: { readonly orderId: string };
  readonly response?: { readonly status: string };
  readonly error?: { readonly rule: string };
}

const tokens: Readonly<Record<Exclude<Card, "unknown" | "reused">, string>> = {
  ok: "tok_ok",
  flaky: "tok_flaky",
  declined: "tok_declined",
  insufficient: "tok_insufficient_funds",
  "too-small": "tok_ok",
};

/** Has an amount held on a card. @returns the payment's id */
export async function authorize(
  { call }: ShopperClient,
  customerId: string,
  { total }: Basket,
  card: Card,
): Promise<string> {
  if (card === "unknown") return uuidv7();
  const amount = card === "too-small" ? money(Math.max(0, total.amount - 1)) : total;
  const cardToken = tokens[card === "reused" ? "ok" : card];
  const body = { customerId, amount, cardToken };
  return (await call<{ id: string }>("POST /api/payments", { body })).body.id;
}

/** Checks a basket out. @returns undefined when a price has changed and the shopper does not want it any more */
export async function checkOut(
  client: ShopperClient,
  basket: Basket,
  paymentId: string,
  plan: Plan,
): Promise<Operation | undefined> {
  const { call } = client;
  const route = `POST /api/baskets/${basket.id}/checkout` as const;
  const headers: Record<string, string> = plan.follows === "waiting" ? { prefer: "wait=5" } : {};
  const refusals = ["409 price-changed"];
  const first = await call<Operation>(route, { body: { paymentId }, headers, refusals });
  if (first.refusal === undefined) return first.body;
  await call(`GET /api/baskets/${basket.id}`);
  if (!plan.acceptsPriceChanges) {
    await leaveBasket(client, basket);
    return undefined;
  }
  return (await call<Operation>(route, { body: { paymentId, acceptPriceChanges: true }, headers })).body;
}

/** Waits for the outcome of an operation, in the shopper's way. */
export async function whenDone(
  client: ShopperClient,
  operation: Operation,
  { follows, random }: Plan,
): Promise<Operation> {
  if (operation.done) return operation;
  const path = `/api/${operation.name}` as const;
  const streamed = follows === "streaming" && (await followStream<Operation>(client, path));
  if (streamed) return streamed;
  const headers: Record<string, string> = follows === "waiting" ? { prefer: "wait=10" } : {};
  return pollUntil(client, { what: "an operation is done", random }, async () => {
    const { body } = await client.call<Operation>(`GET ${path}`, { headers });
    return body.done ? body : undefined;
  });
}

/** How long a shopper waits for anything, before it complains. */
const patienceMs = 120_000;

/** Looks again and again, less and less often, until there is something. @throws Unexpected after two minutes */
export async function pollUntil<Seen>(
  { place }: ShopperClient,
  { what, random }: { readonly what: string; readonly random: Plan["random"] },
  look: () => Promise<Seen | undefined>,
): Promise<Seen> {
  const deadline = performance.now() + patienceMs;
  for (let waitMs = 50; performance.now() < deadline; waitMs = Math.min(waitMs * 1.5, 1_000)) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await pause(waitMs * (0.75 + random.fraction() / 2), undefined, { signal: place.signal });
  }
  throw new Unexpected(`Waited ${patienceMs / 1_000} s in vain until ${what}.`);
}
