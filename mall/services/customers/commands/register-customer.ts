import { refuse, type Transaction, uuidv7 } from "tidings";
import { CustomerRegistered } from "../contract.ts";
import { newCustomer } from "../customer.ts";
import { insertCustomer } from "../customer-table.ts";

/** Registers somebody under a new id, enabled. Refused: `email-already-used`. */
export async function registerCustomer(tx: Transaction, details: Parameters<typeof newCustomer>[1]) {
  const customer = newCustomer(uuidv7(tx.now().getTime()), details);
  if (!(await insertCustomer(tx, customer))) {
    return refuse("email-already-used", "Somebody has registered with this email address already.");
  }
  const { id, name, email, smsNumber } = customer;
  tx.publish(CustomerRegistered, { customerId: id, name, email, smsNumber });
  return customer;
}
