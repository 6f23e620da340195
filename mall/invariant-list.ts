/** A rule that spans services. The query finds what breaks it: a column `what`, empty when all is well. */
export interface Invariant {
  readonly title: string;
  readonly sql: string;
}

/** Names for what the rules speak of. An order has a row in `fate` from its own history, whatever the view says. */
export const facts = `with accepted as (
    select (data ->> 'orderId')::uuid as order_id, (data ->> 'paymentId')::uuid as payment_id,
      (data -> 'total' ->> 'amount')::bigint as total, right(stream, 36)::uuid as basket_id
    from baskets.tidings_events where type = 'BasketCheckedOut'),
  fate as (
    select right(stream, 36)::uuid as order_id, count(*) filter (where type = 'OrderPlaced') as placed,
      bool_or(type = 'OrderApproved') as approved, bool_or(type = 'OrderReadied') as readied,
      bool_or(type = 'OrderRejected') as rejected, bool_or(type = 'OrderCompleted') as completed,
      bool_or(type = 'OrderCancelled') as cancelled,
      (array_agg(type order by version desc))[1] as last
    from ordering.tidings_events group by stream),
  lines as (
    select o.id as order_id, (item ->> 'productId')::uuid as product_id, (item ->> 'quantity')::int as quantity,
      (item -> 'price' ->> 'amount')::bigint as price
    from ordering.orders o, jsonb_array_elements(o.items) item)`;

const has = (condition: string) => `coalesce(bool_or(${condition}), false)`;

/** What must hold once all is quiet, when every shopper has paid or was not able to. */
export const invariants: readonly Invariant[] = [
  {
    title: "Every accepted checkout has one order, and every order one checkout",
    sql: `select coalesce(a.order_id, f.order_id) as what from accepted a full join fate f using (order_id)
      left join ordering.orders o on o.id = coalesce(a.order_id, f.order_id)
      group by 1 having count(*) <> 1 or count(a.order_id) <> 1 or count(o.id) <> 1 or max(f.placed) is distinct from 1`,
  },
  {
    title: "Every order is in an end state, and its history says the same",
    sql: `select o.id || ' is ' || o.status as what from ordering.orders o left join fate f on f.order_id = o.id
      where o.status is distinct from case f.last when 'OrderCompleted' then 'completed'
        when 'OrderRejected' then 'rejected' when 'OrderCancelled' then 'cancelled' end
      or f.completed::int + f.rejected::int + f.cancelled::int <> 1
      or (o.status = 'rejected') <> (o.rejection_reason is not null)`,
  },
  {
    title: "Every order's saga has ended as the order has",
    sql: `select f.order_id || ' ' || coalesce(s.status, 'has none') as what
      from fate f left join checkout.tidings_sagas s on s.saga = 'CreateOrder' and s.id = f.order_id::text
      where s.ended_at is null or s.stuck_since is not null or s.deadline_at is not null
        or s.status <> case when f.approved then 'completed' else 'compensated' end
      union all select 'a saga without an order: ' || id from checkout.tidings_sagas
      where saga = 'CreateOrder' and id not in (select order_id::text from fate)`,
  },
  {
    title: "Every cancellation has ended, as its operation says",
    sql: `select o.id || ' ' || o.done || ' ' || coalesce(s.status, '') as what
      from ordering.tidings_operations o
      join fate f on f.order_id = (o.metadata ->> 'orderId')::uuid
      left join checkout.tidings_sagas s on s.saga = 'CancelOrder' and s.id = o.id::text
      where o.kind <> 'cancel-order' or not o.done or (o.response is not null) <> f.cancelled
        or (s.id is not null and (s.ended_at is null or s.stuck_since is not null
          or s.status <> case when f.cancelled then 'completed' else 'compensated' end))`,
  },
  {
    title: "Every checkout has one operation, done, which agrees with the order",
    sql: `select a.order_id || ' ' || coalesce(max(p.error ->> 'rule'), max(p.response ->> 'status'), 'has none') as what
      from accepted a join fate f using (order_id) join ordering.orders o on o.id = a.order_id
      left join baskets.tidings_operations p on p.metadata ->> 'orderId' = a.order_id::text and p.kind = 'checkout'
      group by a.order_id having count(p.id) <> 1 or not bool_and(p.done)
        or bool_or((p.response is not null) <> f.approved)
        or bool_or(not f.approved and p.error ->> 'rule' <> coalesce(o.rejection_reason, 'order-cancelled'))
        or bool_or(p.response is not null and p.response ->> 'orderId' is distinct from a.order_id::text)`,
  },
  {
    title: "Every authorized payment has one hold of its amount, every other none",
    sql: `select coalesce(p.id::text, h.reference) || ' ' || coalesce(p.status, 'unknown') || ' ' || coalesce(h.status, 'no hold') as what
      from payments.payments p full join (select * from processor.holds where requests > 0) h on h.reference = p.id::text
      where h.amount is distinct from p.amount
        or h.status is distinct from case p.status when 'authorized' then 'held' when 'confirmed' then 'held'
          when 'expired' then 'released' else p.status end`,
  },
  {
    title: "Every payment has ended as its order has",
    sql: `select p.id || ' ' || p.status || ' ' || coalesce(o.status, 'no order') as what
      from payments.payments p left join ordering.orders o on o.id = p.order_id
      where p.order_id is null and p.status not in ('authorized', 'declined')
        or p.order_id is not null and p.status is distinct from
          case o.status when 'completed' then 'captured' when 'rejected' then 'released' when 'cancelled' then 'released' end
      union all select id || ' ordered with ' || payment_id from ordering.orders o where status = 'completed'
        and not exists (select from payments.payments p where p.id = o.payment_id and p.order_id = o.id
          and p.customer_id = o.customer_id and (p.amount ->> 'amount')::bigint >= (o.total ->> 'amount')::bigint)`,
  },
  {
    title: "An order's total is captured once when it is completed, and never otherwise",
    sql: `select p.id || ' ' || count(c.key) as what from payments.payments p
      left join processor.captures c on c.reference = p.id::text left join ordering.orders o on o.id = p.order_id
      group by p.id, o.status, o.total having count(c.key) <> case o.status when 'completed' then 1 else 0 end
        or bool_or(c.amount <> o.total)`,
  },
  {
    title: "A hold is given back once when its order is rejected or cancelled, and never otherwise",
    sql: `select p.id || ' ' || count(r.key) as what from payments.payments p
      left join processor.releases r on r.reference = p.id::text left join ordering.orders o on o.id = p.order_id
      group by p.id, o.status having count(r.key) <> case when o.status in ('rejected', 'cancelled') then 1 else 0 end`,
  },
  {
    title: "A payment is confirmed and released once at most",
    sql: `select key || ' ' || type as what from payments.tidings_outbox
      where type in ('payments.PaymentConfirmed', 'payments.PaymentReleased') group by key, type having count(*) > 1`,
  },
  {
    title: "Every shopping list has ended as its order has",
    sql: `select o.id || ' ' || o.status || ' ' || coalesce(l.status, 'no list') as what
      from ordering.orders o left join depot.shopping_lists l on l.order_id = o.id
      where case when o.status = 'completed'
          then l.status is distinct from 'completed' or l.bot_id is null or jsonb_path_exists(l.stops, '$[*].collected ? (@ == false)')
          else l.status <> 'cancelled' or l.bot_id is not null end
        or o.shopping_list_id is not null and o.shopping_list_id is distinct from l.id
      union all select 'no order of list ' || id from depot.shopping_lists where order_id not in (select id from ordering.orders)
      union all select name || ' is ' || status from depot.bots where status <> 'idle'`,
  },
  {
    title: "Every shopping list is about the goods of its order",
    sql: `select coalesce(l.order_id, c.order_id) || ' ' || coalesce(l.product_id, c.product_id) as what
      from (select order_id, product_id, sum(quantity) as quantity from lines
        where order_id in (select order_id from depot.shopping_lists) group by 1, 2) l
      full join (select order_id, (item ->> 'productId')::uuid as product_id, sum((item ->> 'quantity')::int) as quantity
        from depot.shopping_lists, jsonb_array_elements(stops) stop, jsonb_array_elements(stop -> 'items') item group by 1, 2) c
        using (order_id, product_id)
      where l.quantity is distinct from c.quantity`,
  },
  {
    title: "A completed order has one invoice, paid, over its total; no other order has one to pay",
    sql: `select o.id || ' ' || o.status || ' ' || coalesce(max(i.status), 'no invoice') as what
      from ordering.orders o left join payments.invoices i on i.order_id = o.id
      group by o.id having case when o.status = 'completed'
        then count(i.id) <> 1 or not bool_and(i.status = 'paid' and i.id = o.invoice_id and i.amount = o.total
          and i.payment_id = o.payment_id and i.customer_id = o.customer_id)
        else ${has("i.status <> 'cancelled'")} end
      union all select 'no order of invoice ' || id from payments.invoices where order_id not in (select id from ordering.orders)`,
  },
  {
    title: "The shopper was told once of each thing that happened to an order, and of nothing else",
    sql: `select f.order_id || ': ' || array_to_string(t.kinds, ' ') as what
      from fate f join ordering.orders o on o.id = f.order_id
      left join depot.shopping_lists l on l.order_id = f.order_id
      left join (select order_id, array_agg(kind order by kind) as kinds, array_agg(distinct customer_id) as customers
        from notifications.notifications group by 1) t on t.order_id = f.order_id
      where t.customers is distinct from array[o.customer_id] or t.kinds is distinct from array_remove(array[
        case when f.approved then 'approved' end, case when f.cancelled then 'cancelled' end,
        case when l.bot_id is not null then 'collecting' end, case when f.completed then 'paid' end, 'placed',
        case when f.readied then 'ready' end, case when f.rejected then 'rejected' end], null)`,
  },
  {
    title: "Search and ordering show the same orders",
    sql: `select coalesce(s.id, o.id) as what from search.orders s full join ordering.orders o on o.id = s.id
      where (s.customer_id, s.payment_id, s.status, s.items, s.amount, s.shopping_list_id, s.invoice_id, s.rejection_reason)
        is distinct from (o.customer_id, o.payment_id, o.status, o.items, (o.total ->> 'amount')::bigint, o.shopping_list_id,
        o.invoice_id, o.rejection_reason)`,
  },
  {
    title: "A basket, its checkout and its order have one total, which is that of their lines",
    sql: `select a.order_id as what from accepted a join ordering.orders o on o.id = a.order_id
      where (o.total ->> 'amount')::bigint is distinct from a.total or o.payment_id <> a.payment_id
        or a.total is distinct from (select sum(quantity * price) from lines l where l.order_id = a.order_id)
        or a.total is distinct from (select sum(quantity * (price ->> 'amount')::bigint) from baskets.items i where i.basket_id = a.basket_id)
        or 'checkedOut' is distinct from (select status from baskets.baskets b where b.id = a.basket_id)`,
  },
  {
    title: "All services know the same products at the same prices",
    sql: `select coalesce(p.id, b.id, s.id, d.id) as what from stores.products p
      full join baskets.products b on b.id = p.id full join search.products s on s.id = coalesce(p.id, b.id)
      full join (select * from depot.products where not removed) d on d.id = coalesce(p.id, b.id, s.id)
      where (p.store_id, p.name, p.price) is distinct from (b.store_id, b.name, b.price)
        or (p.store_id, p.name, (p.price ->> 'amount')::bigint) is distinct from (s.store_id, s.name, s.amount)
        or (p.store_id, p.name) is distinct from (d.store_id, d.name)`,
  },
  {
    title: "All services know the same stores",
    sql: `select coalesce(o.id, b.id, s.id, d.id) as what from stores.stores o
      full join baskets.stores b on b.id = o.id full join search.stores s on s.id = coalesce(o.id, b.id)
      full join depot.stores d on d.id = coalesce(o.id, b.id, s.id)
      where (o.name, o.participating) is distinct from (b.name, b.participating)
        or (o.name, o.participating) is distinct from (s.name, s.participating)
        or (o.name, o.location) is distinct from (d.name, d.location)`,
  },
  {
    title: "All services know the same customers",
    sql: `select coalesce(c.id, b.id, p.id, n.id) as what from customers.customers c
      full join baskets.customers b on b.id = c.id full join payments.customers p on p.id = coalesce(c.id, b.id)
      full join notifications.customers n on n.id = coalesce(c.id, b.id, p.id)
      where c.enabled is distinct from b.enabled or p.id is null or n.id is null or n.email <> c.email`,
  },
  {
    title: "Nothing is planned but the end of holds that no order has, and the next sweep",
    sql: `select message ->> 'type' || ' ' || (message ->> 'key') as what from payments.tidings_scheduled
      where message ->> 'type' <> 'payments.SweepAttempts'
        and not exists (select from payments.payments p where p.id::text = message ->> 'key' and p.status = 'authorized')
      union all select 'no end of ' || p.id from payments.payments p where status = 'authorized'
        and not exists (select from payments.tidings_scheduled where message ->> 'key' = p.id::text)`,
  },
];
