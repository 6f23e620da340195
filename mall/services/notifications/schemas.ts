import { Id } from "@mall/common/id";
import { paged } from "tidings";
import { z } from "zod";

/** What a shopper is told about. */
export const NotificationKind = z.enum([
  "placed",
  "approved",
  "rejected",
  "collecting",
  "ready",
  "paid",
  "cancelled",
]);
export type NotificationKind = z.infer<typeof NotificationKind>;

/** A time that PostgreSQL knows: it counts no year 0. */
const Time = z.iso.datetime().refine((time) => !time.startsWith("0000"), "is not in any year");

/** Query of `GET /api/customers/{id}/notifications`: sorted by time and id. */
export const ListNotifications = paged({ after: z.tuple([Time, Id]) });

const placed = {
  id: "01981f4a-7c00-7000-8000-000000000020",
  customerId: "01981f4a-7c00-7000-8000-000000000003",
  orderId: "01981f4a-7c00-7000-8000-000000000011",
  kind: "placed" as const,
  text: "We have received your order over $25.98.",
  at: "2026-08-22T10:00:00.000Z",
};

/** A notification, as it is answered. */
export const NotificationResource = z
  .object({
    id: Id,
    customerId: Id,
    orderId: Id,
    kind: NotificationKind,
    text: z.string(),
    at: z.iso.datetime(),
  })
  .meta({ id: "Notification", examples: [placed] });
export type NotificationResource = z.infer<typeof NotificationResource>;

/** A page of a shopper's inbox. */
export const NotificationPage = z
  .object({ items: z.array(NotificationResource), next: z.string().nullable() })
  .meta({ id: "NotificationPage", examples: [{ items: [placed], next: null }] });
