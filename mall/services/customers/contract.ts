import { Id } from "@mall/common/id";
import { Code, Name } from "@mall/common/text";
import { defineCommand, defineEvent } from "tidings";
import { z } from "zod";

const customerId = "01981f4a-7c00-7000-8000-000000000003";

/** Somebody has registered, and is enabled. */
export const CustomerRegistered = defineEvent("customers.CustomerRegistered", {
  key: "customerId",
  schema: z.object({ customerId: Id, name: Name, email: z.string(), smsNumber: Code }),
  example: { customerId, name: "Mina Okafor", email: "mina@example.com", smsNumber: "+15550100" },
});

/** A customer is told things at another number from now on. */
export const CustomerSmsNumberChanged = defineEvent("customers.CustomerSmsNumberChanged", {
  key: "customerId",
  schema: z.object({ customerId: Id, smsNumber: Code }),
  example: { customerId, smsNumber: "+15550199" },
});

/** A customer who was disabled may shop again. */
export const CustomerEnabled = defineEvent("customers.CustomerEnabled", {
  key: "customerId",
  schema: z.object({ customerId: Id }),
  example: { customerId },
});

/** A customer may not shop until enabled again. */
export const CustomerDisabled = defineEvent("customers.CustomerDisabled", {
  key: "customerId",
  schema: z.object({ customerId: Id }),
  example: { customerId },
});

/** May this customer shop? Refused: `customer-unknown`, `customer-disabled`. */
export const AuthorizeCustomer = defineCommand("customers.AuthorizeCustomer", {
  key: "customerId",
  schema: z.object({ customerId: Id }),
  reply: z.object({ customerId: Id }),
  example: { customerId },
});
