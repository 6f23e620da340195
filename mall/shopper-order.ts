import { type Operation, pollUntil, whenDone } from "./shopper-checkout.ts";
import { type ShopperClient, Unexpected } from "./shopper-client.ts";
import type { Plan } from "./shopper-plan.ts";
import type { SeenOrder } from "./shopper-tally.ts";

interface Order {
  readonly id: string;
  readonly customerId: string;
  readonly status: string;
  readonly rejectionReason?: string;
}

/** What the last notification says of an order that has ended like this. */
const lastNotification: Readonly<Record<string, string>> = {
  completed: "paid",
  rejected: "rejected",
  cancelled: "cancelled",
};

/** Cancels an order, unless the mall says that it is too late. */
export async function cancelOrder(client: ShopperClient, orderId: string, plan: Plan): Promise<void> {
  const { body, refusal } = await client.call<Operation>(`POST /api/orders/${orderId}/cancel`, {
    refusals: ["409 order-cannot-be-cancelled"],
  });
  if (refusal === undefined) await whenDone(client, body, plan);
}

/** Waits until an order is ready, pays it, and waits until it has ended and the inbox says so. */
export async function seeToTheEnd(client: ShopperClient, orderId: string, plan: Plan): Promise<SeenOrder> {
  const { random } = plan;
  const whenIn = (...statuses: string[]) =>
    pollUntil(client, { what: `an order is ${statuses.join(" or ")}`, random }, async () => {
      const { body } = await client.call<Order>(`GET /api/orders/${orderId}`);
      return statuses.includes(body.status) ? body : undefined;
    });
  let order = await whenIn("ready", "completed", "rejected", "cancelled");
  if (order.status === "ready") {
    await pay(client, orderId, plan);
    order = await whenIn("completed");
  }
  await readInbox(client, order, plan);
  const { status, rejectionReason } = order;
  return { orderId, status, ...(rejectionReason !== undefined && { rejectionReason }) };
}

async function pay(client: ShopperClient, orderId: string, { pays, random }: Plan): Promise<void> {
  const invoice = await pollUntil(client, { what: "an invoice is there", random }, async () => {
    const { body } = await client.call<{ items: { id: string }[] }>(`GET /api/invoices?orderId=${orderId}`);
    return body.items[0];
  });
  const payOnce = (refusals: string[] = []) =>
    client.call(`POST /api/invoices/${invoice.id}/pay`, { refusals });
  const notPending = ["409 invoice-is-not-pending"];
  if (pays === "twice at once") {
    const both = await Promise.all([payOnce(notPending), payOnce(notPending)]);
    if (both.filter(({ refusal }) => refusal === undefined).length !== 1)
      throw new Unexpected("An invoice that was paid twice at once was not paid exactly once.");
    return;
  }
  await payOnce();
  if (pays === "once") return;
  const { refusal } = await payOnce(notPending);
  if (refusal === undefined) throw new Unexpected("An invoice was paid twice.");
}

async function readInbox(client: ShopperClient, order: Order, { random }: Plan): Promise<void> {
  const wanted = lastNotification[order.status];
  await pollUntil(client, { what: `an inbox says ${wanted}`, random }, async () => {
    const { body } = await client.call<{ items: { kind: string; orderId: string }[] }>(
      `GET /api/customers/${order.customerId}/notifications`,
    );
    return body.items.find(({ kind, orderId }) => kind === wanted && orderId === order.id);
  });
}
