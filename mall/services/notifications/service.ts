import { CustomerRegistered } from "@mall/customers/contract";
import { ShoppingListAssigned } from "@mall/depot/contract";
import {
  OrderApproved,
  OrderCancelled,
  OrderCompleted,
  OrderPlaced,
  OrderReadied,
  OrderRejected,
} from "@mall/ordering/contract";
import { defineService, handles, on, type Service } from "tidings";
import { type MailLog, sendMail } from "./commands/send-mail.ts";
import { SendMail } from "./contract.ts";
import { notify, tellWith } from "./handlers/notify.ts";
import { onCustomerRegistered } from "./handlers/on-customer-registered.ts";
import { onOrderPlaced } from "./handlers/on-order-placed.ts";
import { http } from "./http.ts";
import type { Mailer } from "./mailer.ts";
import { approvedText, cancelledText, collectingText, paidText, readyText, rejectedText } from "./texts.ts";

export type { Mailer } from "./mailer.ts";
export { smtpMailer } from "./mailer-smtp.ts";

export interface NotificationsOptions {
  /** Sends what is told from now on by mail, too. */
  readonly mail?: Mailer | undefined;
  /** Where it is written when a mail may or may not have been sent. */
  readonly log?: MailLog | undefined;
}

/**
 * Tells shoppers what happens to their orders, in their inboxes and by mail. It publishes nothing, and sends itself the
 * command to send a mail, so that an inbox does not wait for a mail server.
 */
export function notifications({ mail, log = { warn() {} } }: NotificationsOptions = {}): Service {
  const tell = tellWith(mail !== undefined);
  return defineService("notifications", {
    sends: [SendMail],
    accepts: [handles(SendMail, sendMail(mail, log))],
    reacts: [
      on(CustomerRegistered, onCustomerRegistered),
      on(OrderPlaced, onOrderPlaced(tell)),
      on(OrderApproved, notify(tell, "approved", approvedText)),
      on(OrderRejected, notify(tell, "rejected", rejectedText)),
      on(ShoppingListAssigned, notify(tell, "collecting", collectingText)),
      on(OrderReadied, notify(tell, "ready", readyText)),
      on(OrderCompleted, notify(tell, "paid", paidText)),
      on(OrderCancelled, notify(tell, "cancelled", cancelledText)),
    ],
    migrations: new URL("./migrations/", import.meta.url),
    http,
  });
}
