import { isRefusal, type MessageOf, type Transaction } from "tidings";
import type { AuthorizeCustomer } from "../contract.ts";
import { authorizedCustomer } from "../customer.ts";
import { findCustomer } from "../customer-table.ts";

/** Answers whether a customer may shop. Refused: `customer-unknown`, `customer-disabled`. */
export async function authorizeCustomer(command: MessageOf<typeof AuthorizeCustomer>, tx: Transaction) {
  const customer = authorizedCustomer(await findCustomer(tx.query.bind(tx), command.data.customerId));
  return isRefusal(customer) ? customer : { customerId: customer.id };
}
