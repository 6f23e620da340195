import type { Transaction } from "tidings";
import type { Customer } from "./customer.ts";

type Query = Transaction["query"];

const columns = `id, name, email, sms_number as "smsNumber", enabled, version`;

/** One customer, or undefined. */
export async function findCustomer(query: Query, id: string): Promise<Customer | undefined> {
  const { rows } = await query<Customer>(`select ${columns} from customers where id = $1`, [id]);
  return rows[0];
}

/** One customer, whom nobody else changes until the transaction ends, or undefined. */
export async function lockCustomer(tx: Transaction, id: string): Promise<Customer | undefined> {
  const { rows } = await tx.query<Customer>(`select ${columns} from customers where id = $1 for update`, [
    id,
  ]);
  return rows[0];
}

/**
 * Stores a new customer. Of two transactions that use one email address at once, the second waits for the first.
 * @returns false when the address is used already, in whatever case it is written
 */
export async function insertCustomer(tx: Transaction, customer: Customer): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into customers (id, name, email, sms_number, enabled, version) values ($1, $2, $3, $4, $5, $6)
     on conflict do nothing`,
    [customer.id, customer.name, customer.email, customer.smsNumber, customer.enabled, customer.version],
  );
  return rowCount === 1;
}

/** Stores what may change of a customer who is locked. */
export async function updateCustomer(tx: Transaction, customer: Customer): Promise<void> {
  await tx.query("update customers set sms_number = $2, enabled = $3, version = $4 where id = $1", [
    customer.id,
    customer.smsNumber,
    customer.enabled,
    customer.version,
  ]);
}
