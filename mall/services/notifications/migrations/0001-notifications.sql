create table customers (
  id uuid primary key
);

create table notifications (
  id uuid primary key,
  customer_id uuid not null,
  order_id uuid not null,
  kind text not null,
  text text not null,
  at timestamptz not null,
  unique (order_id, kind)
);
create index notifications_of_customer on notifications (customer_id, at desc, id desc);
