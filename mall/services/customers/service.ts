import { defineService, handles } from "tidings";
import { authorizeCustomer } from "./commands/authorize-customer.ts";
import {
  AuthorizeCustomer,
  CustomerDisabled,
  CustomerEnabled,
  CustomerRegistered,
  CustomerSmsNumberChanged,
} from "./contract.ts";
import { http } from "./http.ts";

/** Who may shop in the mall. */
export const customers = defineService("customers", {
  publishes: [CustomerRegistered, CustomerSmsNumberChanged, CustomerEnabled, CustomerDisabled],
  accepts: [handles(AuthorizeCustomer, authorizeCustomer)],
  migrations: new URL("./migrations/", import.meta.url),
  http,
});
