/** Picks one row of a table. */
function one(table: string, condition = "true", id = "id"): string {
  return `${id} = (select ${id} from ${table} where ${condition} order by 1 limit 1)`;
}

const completed = one("ordering.orders", "status = 'completed'");

/** For each invariant, by its title, a change of a sound mall's data that breaks it. */
export const plants: Readonly<Record<string, string>> = {
  "Every accepted checkout has one order, and every order one checkout": `delete from ordering.orders where ${completed}`,
  "Every order is in an end state, and its history says the same": `update ordering.orders set status = 'ready' where ${completed}`,
  "Every order's saga has ended as the order has": `update checkout.tidings_sagas set ended_at = null
    where ${one("checkout.tidings_sagas", "saga = 'CreateOrder'")}`,
  "Every cancellation has ended, as its operation says": `update ordering.tidings_operations set done = false
    where ${one("ordering.tidings_operations")}`,
  "Every checkout has one operation, done, which agrees with the order": `update baskets.tidings_operations
    set error = '{"rule":"timed-out"}' where ${one("baskets.tidings_operations", "error is not null")}`,
  "Every authorized payment has one hold of its amount, every other none": `update processor.holds set status = 'held'
    where ${one("processor.holds", "status = 'released'", "reference")}`,
  "Every payment has ended as its order has": `update payments.payments set status = 'confirmed'
    where ${one("payments.payments", "status = 'released'")}`,
  "An order's total is captured once when it is completed, and never otherwise": `insert into processor.captures
    select 'again', reference, amount from processor.captures limit 1`,
  "A hold is given back once when its order is rejected or cancelled, and never otherwise": `delete from processor.releases
    where ${one("processor.releases", "true", "key")}`,
  "A payment is confirmed and released once at most": `insert into payments.tidings_outbox
    select partition, nextval('payments.tidings_outbox_position'), id, kind, type, version, key, time, correlation_id,
      causation_id, headers, data from payments.tidings_outbox where type = 'payments.PaymentReleased' limit 1`,
  "Every shopping list has ended as its order has": `update depot.shopping_lists set status = 'assigned'
    where ${one("depot.shopping_lists", "status = 'completed'")}`,
  "Every shopping list is about the goods of its order": `update ordering.orders
    set items = jsonb_set(items, '{0,quantity}', '99') where ${completed}`,
  "A completed order has one invoice, paid, over its total; no other order has one to pay": `update payments.invoices
    set status = 'pending' where ${one("payments.invoices", "status = 'paid'")}`,
  "The shopper was told once of each thing that happened to an order, and of nothing else": `delete from notifications.notifications
    where ${one("notifications.notifications", "kind = 'ready'")}`,
  "Search and ordering show the same orders": `update search.orders set status = 'approved' where ${one("search.orders")}`,
  "A basket, its checkout and its order have one total, which is that of their lines": `update baskets.items
    set quantity = quantity + 1 where ${one("baskets.items i join baskets.baskets b on b.id = basket_id", "status = 'checkedOut'", "basket_id")}`,
  "All services know the same products at the same prices": `update search.products set amount = amount + 1
    where ${one("search.products")}`,
  "All services know the same stores": `update depot.stores set name = name || '!' where ${one("depot.stores")}`,
  "All services know the same customers": `update baskets.customers set enabled = not enabled
    where ${one("baskets.customers")}`,
  "Nothing is planned but the end of holds that no order has, and the next sweep": `update payments.tidings_scheduled
    set message = '{"type":"payments.ExpirePayment","key":"nobody"}'`,
  "No message is parked, dead or dropped": `insert into search.tidings_dropped
    values ('orders', 'ordering', 0, 1, gen_random_uuid(), '{}', null, 'planted', now())`,
  "Nothing is planned in services that plan nothing": `insert into search.tidings_scheduled
    values (gen_random_uuid(), now(), '{}')`,
  "Every message was delivered": "delete from search.tidings_cursors where source = 'ordering'",
};
