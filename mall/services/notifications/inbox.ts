import { type Page, type PageAnswer, pageOf, type Transaction, uuidv7 } from "tidings";
import type { NotificationResource } from "./schemas.ts";

type Query = Transaction["query"];

/**
 * Puts a notification into the shopper's inbox, unless the shopper was told this about the order before.
 * @returns its id when it is new
 */
export async function keepNotification(
  tx: Transaction,
  told: Omit<NotificationResource, "id">,
): Promise<string | undefined> {
  const { rows } = await tx.query<{ id: string }>(
    `insert into notifications (id, customer_id, order_id, kind, text, at) values ($1, $2, $3, $4, $5, $6)
     on conflict (order_id, kind) do nothing returning id`,
    [uuidv7(tx.now().getTime()), told.customerId, told.orderId, told.kind, told.text, told.at],
  );
  return rows[0]?.id;
}

/** Whether somebody has registered under this id. */
export async function isCustomer(query: Query, id: string): Promise<boolean> {
  const { rows } = await query("select 1 from customers where id = $1", [id]);
  return rows.length > 0;
}

/** One page of a shopper's inbox, newest first. */
export async function listNotifications(
  query: Query,
  customerId: string,
  page: Page<[at: string, id: string]>,
): Promise<PageAnswer<NotificationResource>> {
  const { rows } = await query<Omit<NotificationResource, "at"> & { at: Date }>(
    `select id, customer_id as "customerId", order_id as "orderId", kind, text, at from notifications
     where customer_id = $1 and ($2::timestamptz is null or (at, id) < ($2, $3::uuid))
     order by at desc, id desc limit $4`,
    [customerId, page.after?.[0], page.after?.[1], page.limit + 1],
  );
  const notifications = rows.map((row) => ({ ...row, at: row.at.toISOString() }));
  return pageOf(notifications, page, (last) => [last.at, last.id]);
}
