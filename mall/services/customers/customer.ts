import { notFound, type Refusal, refuse } from "tidings";

/** Somebody who shops in the mall. `version` counts the changes, from 1. */
export interface Customer {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly smsNumber: string;
  readonly enabled: boolean;
  readonly version: number;
}

/** A customer as registration leaves it. */
export function newCustomer(
  id: string,
  details: { readonly name: string; readonly email: string; readonly smsNumber: string },
): Customer {
  const { name, email, smsNumber } = details;
  return { id, name, email, smsNumber, enabled: true, version: 1 };
}

/** The customer, or the refusal when there is none with this id. */
export function registeredCustomer(customer: Customer | undefined, id: string): Customer | Refusal {
  return customer ?? notFound("customer", id);
}

/** The customer with the change; the very same when nothing changes. */
export function changeCustomer(
  customer: Customer,
  change: { readonly enabled: boolean } | { readonly smsNumber: string },
): Customer {
  const changed = { ...customer, ...change };
  if (changed.enabled === customer.enabled && changed.smsNumber === customer.smsNumber) return customer;
  return { ...changed, version: customer.version + 1 };
}

/** Whether somebody may shop. Refused: `customer-unknown`, `customer-disabled`. */
export function authorizedCustomer(customer: Customer | undefined): Customer | Refusal {
  if (!customer) return refuse("customer-unknown", "Nobody is registered under this id.");
  if (!customer.enabled) return refuse("customer-disabled", "The customer is disabled.");
  return customer;
}
