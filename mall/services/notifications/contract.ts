import { Id } from "@mall/common/id";
import { defineCommand } from "tidings";
import { z } from "zod";

/** Where a mail stands. `uncertain`: whether it was sent is not known, so it is not sent again. */
export const MailState = z.enum(["waiting", "sending", "sent", "refused", "uncertain", "skipped"]);
export type MailState = z.infer<typeof MailState>;

/**
 * Send a notification by mail; the service tells itself. Its key is the notification, not the customer: a mail that has
 * to wait keeps no other one waiting, and a reader's mail program sorts by the date that each mail carries.
 */
export const SendMail = defineCommand("notifications.SendMail", {
  key: "notificationId",
  schema: z.object({ notificationId: Id }),
  reply: z.object({ state: MailState }),
  example: { notificationId: "01981f4a-7c00-7000-8000-000000000020" },
});
