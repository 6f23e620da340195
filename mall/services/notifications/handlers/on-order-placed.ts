import type { OrderPlaced } from "@mall/ordering/contract";
import type { MessageOf, Transaction } from "tidings";
import { keepOrder } from "../orders.ts";
import { placedText } from "../texts.ts";
import { notify, type Tell } from "./notify.ts";

/** Remembers whose order it is, which the events of other services do not say, and tells the shopper. */
export function onOrderPlaced(tell: Tell) {
  const tellPlaced = notify(tell, "placed", placedText);
  return async (event: MessageOf<typeof OrderPlaced>, tx: Transaction): Promise<void> => {
    await keepOrder(tx, event.data.orderId, event.data.customerId);
    await tellPlaced(event, tx);
  };
}
