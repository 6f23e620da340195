-- Customers from before have no address here: they are told in their inbox alone.
alter table customers add column name text, add column email text;

create table orders (
  id uuid primary key,
  customer_id uuid not null
);
insert into orders (id, customer_id) select distinct order_id, customer_id from notifications;

create table mails (
  notification_id uuid primary key references notifications,
  state text not null default 'waiting',
  reply_code int,
  check (state in ('waiting', 'sending', 'sent', 'refused', 'uncertain', 'skipped'))
);
