import type { CustomerRegistered } from "@mall/customers/contract";
import type { MessageOf, Transaction } from "tidings";

/** Opens the customer's inbox. */
export async function onCustomerRegistered(
  event: MessageOf<typeof CustomerRegistered>,
  tx: Transaction,
): Promise<void> {
  await tx.query("insert into customers (id) values ($1) on conflict do nothing", [event.data.customerId]);
}
