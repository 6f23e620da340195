import type { Money } from "@mall/common/money";
import { bodyOf } from "./client.ts";
import { eventually } from "./eventually.ts";
import type { Operation, Order, Payment } from "./resources.ts";
import { type Goods, known, type Placed, type Shopper, type Story } from "./story.ts";

/** The test cards of the processor. */
const cards: Readonly<Record<string, string>> = {
  "that works": "tok_ok",
  "that is declined": "tok_declined",
  "without enough money": "tok_insufficient_funds",
  "that works at the second try": "tok_flaky",
  "that never answers": "tok_timeout",
};
/** An order that is paid by it is rejected. */
export const nobodysPayment = "01981f4a-7c00-7000-8000-00000000aaaa";

/** Holds an amount on a card, under the key if there is one. */
export async function hold(story: Story, shopper: Shopper, amount: Money, options: HoldOptions = {}) {
  const { card = "that works", key } = options;
  const cardToken = known(cards[card], `card ${card}`);
  const asked = { customerId: shopper.id, amount, cardToken };
  const answer = await story.api<Payment>("POST /api/payments", asked, key ? { "idempotency-key": key } : {});
  if (answer.status === 201) shopper.paymentId = answer.body.id;
  return story.tried(answer);
}

interface HoldOptions {
  readonly card?: string;
  readonly key?: string;
}

/** Checks a shopper's basket out; the order is the shopper's last one if that was accepted. */
export async function checkOut(story: Story, shopper: Shopper, options: CheckOutOptions = {}) {
  const { paymentId = known(shopper.paymentId, "payment"), acceptPriceChanges = false, key, wait } = options;
  const answer = await story.api<Operation>(
    `POST /api/baskets/${shopper.basketId}/checkout`,
    { paymentId, acceptPriceChanges },
    { ...(key && { "idempotency-key": key }), ...(wait && { prefer: "wait=20" }) },
  );
  story.tried(answer);
  if (answer.status >= 400) return;
  addOrder(shopper, answer.body, paymentId);
}

/** Remembers what a shopper has ordered; a repeat of the last order is none. */
export function addOrder(shopper: Shopper, operation: Operation, paymentId: string): void {
  const placed = { id: operation.metadata.orderId, paymentId, operation, customerId: shopper.id };
  if (shopper.orders.at(-1)?.id !== placed.id) shopper.orders.push(placed);
}

interface CheckOutOptions {
  readonly paymentId?: string;
  readonly acceptPriceChanges?: boolean;
  readonly key?: string;
  /** Whether to be answered when it is done, rather than when it has begun. */
  readonly wait?: boolean;
}

/** As {@link checkOut}. @throws Error when it is refused */
export async function mustCheckOut(
  story: Story,
  shopper: Shopper,
  options: CheckOutOptions = {},
): Promise<void> {
  await checkOut(story, shopper, options);
  bodyOf(story.answer);
}

/** A key that is no other scenario's. */
export function keyOf({ id }: Shopper, key: string): string {
  return `${id}-${key}`;
}

/** Orders goods and pays with a card that works, or with the payment in the options, whatever becomes of it. */
export async function placeOrder(
  story: Story,
  shopper: Shopper,
  goods: readonly Goods[],
  payment: Pick<CheckOutOptions, "paymentId"> = {},
): Promise<Placed> {
  const basket = bodyOf(await story.api<{ id: string }>("POST /api/baskets", { customerId: shopper.id }));
  shopper.basketId = basket.id;
  for (const { product, quantity } of goods) {
    const item = { productId: story.productId(product), quantity };
    bodyOf(await story.api(`POST /api/baskets/${basket.id}/items`, item));
  }
  if (!payment.paymentId) bodyOf(await hold(story, shopper, (await story.basketOf(shopper)).total));
  await mustCheckOut(story, shopper, payment);
  return known(shopper.orders.at(-1), "order");
}

/** How an order is now. */
export async function readOrder({ api }: Story, { id }: Placed): Promise<Order> {
  return bodyOf(await api<Order>(`GET /api/orders/${id}`));
}

/** Waits until an order has this status. */
export function whenOrderIs(story: Story, placed: Placed, status: string): Promise<Order> {
  return eventually(`the order ${placed.id} is ${status}`, async () => {
    const order = await readOrder(story, placed);
    if (order.status !== status)
      throw new Error(`it is ${[order.status, order.rejectionReason].filter(Boolean).join(", ")}`);
    return order;
  });
}
