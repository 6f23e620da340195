import type { Message, Transaction } from "tidings";
import { keepNotification } from "../inbox.ts";
import type { NotificationKind } from "../schemas.ts";

/** Any event of an order names both. */
interface OrderData {
  readonly orderId: string;
  readonly customerId: string;
}

/** A handler that tells the shopper what happened to the order: once, however often the event arrives. */
export function notify<Data>(kind: NotificationKind, textOf: (data: Data) => string) {
  return async ({ data, time }: Message<Data & OrderData>, tx: Transaction): Promise<void> => {
    const { orderId, customerId } = data;
    await keepNotification(tx, { customerId, orderId, kind, text: textOf(data), at: time });
  };
}
