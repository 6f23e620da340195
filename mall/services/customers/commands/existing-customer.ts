import { isRefusal, type Refusal, TidingsError, type Transaction } from "tidings";
import { type Customer, registeredCustomer } from "../customer.ts";
import { lockCustomer } from "../customer-table.ts";

/**
 * The customer, locked, or the refusal when there is none.
 * @throws TidingsError `stale-version` when it is not at `expectedVersion`
 */
export async function existingCustomer(
  tx: Transaction,
  id: string,
  expectedVersion: number | undefined,
): Promise<Customer | Refusal> {
  const customer = registeredCustomer(await lockCustomer(tx, id), id);
  if (isRefusal(customer)) return customer;
  if (expectedVersion !== undefined && expectedVersion !== customer.version) {
    throw new TidingsError(
      "stale-version",
      `The customer is at version ${customer.version}, not ${expectedVersion}.`,
    );
  }
  return customer;
}
