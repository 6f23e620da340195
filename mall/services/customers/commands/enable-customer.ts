import { isRefusal, type Transaction } from "tidings";
import { CustomerDisabled, CustomerEnabled } from "../contract.ts";
import { changeCustomer } from "../customer.ts";
import { updateCustomer } from "../customer-table.ts";
import { existingCustomer } from "./existing-customer.ts";

/** Lets a customer shop, or not any more. Nothing happens when it is so already. Refused: `not-found`. */
export async function enableCustomer(
  tx: Transaction,
  id: string,
  change: { readonly enabled: boolean; readonly expectedVersion?: number | undefined },
) {
  const { enabled, expectedVersion } = change;
  const customer = await existingCustomer(tx, id, expectedVersion);
  if (isRefusal(customer)) return customer;
  const changed = changeCustomer(customer, { enabled });
  if (changed === customer) return customer;
  await updateCustomer(tx, changed);
  tx.publish(enabled ? CustomerEnabled : CustomerDisabled, { customerId: id });
  return changed;
}
