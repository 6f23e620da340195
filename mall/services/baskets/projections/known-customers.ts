import { CustomerDisabled, CustomerEnabled, CustomerRegistered } from "@mall/customers/contract";
import { on, projection, type Transaction } from "tidings";
import type { KnownCustomer } from "../decide-basket.ts";

/** The table `customers`: who may shop. */
export const knownCustomers = projection("known-customers", [
  on(CustomerRegistered, ({ data }, tx) =>
    tx.query(
      `insert into customers (id, enabled) values ($1, true)
       on conflict (id) do update set enabled = true`,
      [data.customerId],
    ),
  ),
  on(CustomerEnabled, ({ data }, tx) => setEnabled(tx, data.customerId, true)),
  on(CustomerDisabled, ({ data }, tx) => setEnabled(tx, data.customerId, false)),
]);

function setEnabled(tx: Transaction, id: string, enabled: boolean) {
  return tx.query("update customers set enabled = $2 where id = $1", [id, enabled]);
}

/** A customer, or undefined when nobody has registered under this id. */
export async function findCustomer(tx: Transaction, id: string): Promise<KnownCustomer | undefined> {
  const { rows } = await tx.query<KnownCustomer>("select id, enabled from customers where id = $1", [id]);
  return rows[0];
}
