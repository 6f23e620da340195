import type { Message, Transaction } from "tidings";
import { keepNotification } from "../inbox.ts";
import { orderMail } from "../mails.ts";
import { customerOf } from "../orders.ts";
import type { NotificationKind, NotificationResource } from "../schemas.ts";

/** What happened to whose order. */
export type Told = Omit<NotificationResource, "id">;

/** Tells a shopper: once for each kind of thing that happens to an order, however often the event arrives. */
export type Tell = (tx: Transaction, told: Told) => Promise<void>;

/** Telling means to keep it in the inbox, and to have it sent by mail when the mall sends mails. */
export function tellWith(mails: boolean): Tell {
  return async (tx, told) => {
    const id = await keepNotification(tx, told);
    if (mails && id) await orderMail(tx, id);
  };
}

/** Any event of an order; those of ordering name the customer, too. */
interface OrderData {
  readonly orderId: string;
  readonly customerId?: string;
}

/** A handler that tells the shopper what happened to the order. It fails, to be repeated, while the order is not known. */
export function notify<Data>(tell: Tell, kind: NotificationKind, textOf: (data: Data) => string) {
  return async ({ data, time }: Message<Data & OrderData>, tx: Transaction): Promise<void> => {
    const { orderId, customerId = await customerOf(tx, orderId) } = data;
    await tell(tx, { customerId, orderId, kind, text: textOf(data), at: time });
  };
}
