import type { CustomerRegistered } from "@mall/customers/contract";
import type { MessageOf, Transaction } from "tidings";
import { SweepAttempts } from "../own-commands.ts";

/**
 * Remembers the customer. With the first one the sweeping begins, and goes on by itself: before there is a customer
 * nobody can ask for a payment.
 */
export async function onCustomerRegistered({ data }: MessageOf<typeof CustomerRegistered>, tx: Transaction) {
  await tx.query("insert into customers (id) values ($1) on conflict do nothing", [data.customerId]);
  const { rowCount } = await tx.query("insert into sweeping values (true) on conflict do nothing");
  if (rowCount === 1) tx.schedule(tx.now(), SweepAttempts, {});
}

/** Whether somebody is registered under this id. */
export async function isCustomer(tx: Transaction, id: string): Promise<boolean> {
  const { rowCount } = await tx.query("select from customers where id = $1", [id]);
  return rowCount === 1;
}
