import { Id } from "@mall/common/id";
import { Code, Name, text } from "@mall/common/text";
import { z } from "zod";

const mina = { name: "Mina Okafor", email: "mina@example.com", smsNumber: "+15550100" };

const wellFormed =
  /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/i;

/** An address for mail, without the white space around it: of at most 254 characters, in a domain with a dot. */
const Email = text(254)
  .regex(wellFormed, "must be an email address")
  .meta({ format: "email", maxLength: 254 });

/** Body of `POST /api/customers`. */
export const RegisterCustomer = z
  .object({ name: Name, email: Email, smsNumber: Code })
  .meta({ id: "RegisterCustomer", examples: [mina] });

/** Body of `PUT /api/customers/{id}/enabled`. */
export const EnableCustomer = z
  .object({ enabled: z.boolean() })
  .meta({ id: "EnableCustomer", examples: [{ enabled: false }] });

/** Body of `PUT /api/customers/{id}/sms-number`. */
export const ChangeSmsNumber = z
  .object({ smsNumber: Code })
  .meta({ id: "ChangeSmsNumber", examples: [{ smsNumber: "+15550199" }] });

/** A customer, as it is answered. */
export const CustomerResource = z
  .object({ id: Id, name: Name, email: Email, smsNumber: Code, enabled: z.boolean() })
  .meta({
    id: "Customer",
    examples: [{ id: "01981f4a-7c00-7000-8000-000000000003", ...mina, enabled: true }],
  });
