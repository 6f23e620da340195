import { fillBasket } from "./shopper-basket.ts";
import { authorize, checkOut, whenDone } from "./shopper-checkout.ts";
import { type ShopperClient, Unexpected } from "./shopper-client.ts";
import { cancelOrder, seeToTheEnd } from "./shopper-order.ts";
import type { Plan } from "./shopper-plan.ts";
import type { SeenOrder } from "./shopper-tally.ts";

/** Who goes shopping. */
export interface Visitor {
  readonly name: string;
  readonly email: string;
}

/** One shopper's way through the mall: from the registration to the end of its orders. What it meets is in the tally. */
export async function goShopping(client: ShopperClient, visitor: Visitor, plan: Plan): Promise<void> {
  const body = { ...visitor, smsNumber: "+15550100" };
  const customer = (await client.call<{ id: string }>("POST /api/customers", { body })).body;
  const paymentId = await buy(client, customer.id, plan);
  if (plan.card === "reused" && !plan.isDisabled && paymentId !== undefined)
    await buy(client, customer.id, { ...plan, cancels: "never" }, paymentId);
}

/** @returns the payment, when there is an order */
async function buy(
  client: ShopperClient,
  customerId: string,
  plan: Plan,
  used?: string,
): Promise<string | undefined> {
  const { tally } = client.place;
  const basket = await fillBasket(client, customerId, plan);
  if (!basket) {
    tally.gaveUp++;
    return undefined;
  }
  const paymentId = used ?? (await authorize(client, customerId, basket, plan.card));
  if (plan.isDisabled) await disable(client, customerId);
  const since = performance.now();
  const operation = await checkOut(client, basket, paymentId, plan);
  if (!operation) {
    tally.gaveUp++;
    return undefined;
  }
  const { orderId } = operation.metadata;
  tally.accepted.add(orderId);
  if (plan.cancels === "at once") await cancelOrder(client, orderId, plan);
  const outcome = await whenDone(client, operation, plan);
  if (plan.cancels !== "at once") tally.latencies.push(performance.now() - since);
  if (plan.cancels === "later") await cancelOrder(client, orderId, plan);
  const order = await seeToTheEnd(client, orderId, plan);
  tally.orders.set(orderId, order);
  checkOutcome(outcome, order);
  return paymentId;
}

async function disable({ call }: ShopperClient, customerId: string): Promise<void> {
  await call(`PUT /api/customers/${customerId}/enabled`, { body: { enabled: false } });
}

/** What the checkout said and what became of the order must not contradict each other. */
function checkOutcome({ response, error }: Awaited<ReturnType<typeof whenDone>>, order: SeenOrder): void {
  const { status, rejectionReason } = order;
  const agrees = {
    completed: response !== undefined,
    rejected: error?.rule === rejectionReason,
    cancelled: response !== undefined || error?.rule === "order-cancelled",
  }[status];
  if (!agrees)
    throw new Unexpected(
      `A checkout ended with ${JSON.stringify(error ?? response)}, its order as ${status}.`,
    );
}
