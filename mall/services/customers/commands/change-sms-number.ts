import { isRefusal, type Transaction } from "tidings";
import { CustomerSmsNumberChanged } from "../contract.ts";
import { changeCustomer } from "../customer.ts";
import { updateCustomer } from "../customer-table.ts";
import { existingCustomer } from "./existing-customer.ts";

/** Tells the customer things at another number. Nothing happens when it is the same. Refused: `not-found`. */
export async function changeSmsNumber(
  tx: Transaction,
  id: string,
  change: { readonly smsNumber: string; readonly expectedVersion?: number | undefined },
) {
  const { smsNumber, expectedVersion } = change;
  const customer = await existingCustomer(tx, id, expectedVersion);
  if (isRefusal(customer)) return customer;
  const changed = changeCustomer(customer, { smsNumber });
  if (changed === customer) return customer;
  await updateCustomer(tx, changed);
  tx.publish(CustomerSmsNumberChanged, { customerId: id, smsNumber });
  return changed;
}
