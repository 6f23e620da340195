import type { CustomerRegistered } from "@mall/customers/contract";
import type { MessageOf, Transaction } from "tidings";

/** Opens the customer's inbox, and remembers where mail for the customer goes. */
export async function onCustomerRegistered(
  { data: { customerId, name, email } }: MessageOf<typeof CustomerRegistered>,
  tx: Transaction,
): Promise<void> {
  await tx.query("insert into customers (id, name, email) values ($1, $2, $3) on conflict do nothing", [
    customerId,
    name,
    email,
  ]);
}
