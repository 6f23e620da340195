create table baskets (
  id uuid primary key,
  customer_id uuid not null,
  status text not null,
  version integer not null
);

-- No check of the quantity: a transaction that has decided on an old version writes here before it is found out, and
-- what it violates would hide that it has to be run again.
create table items (
  basket_id uuid not null references baskets (id),
  product_id uuid not null,
  product_name text not null,
  store_id uuid not null,
  store_name text not null,
  quantity integer not null,
  price jsonb not null,
  added_at integer not null,
  primary key (basket_id, product_id)
);

-- The operation of the checkout that made each order. That a basket is checked out once is decided by the version of
-- its aggregate; a unique key here would fail before that and could not be told from a fault.
create table checkouts (
  order_id uuid primary key,
  basket_id uuid not null,
  operation_id uuid not null
);

-- What baskets knows of other services, from their events.
create table stores (
  id uuid primary key,
  name text not null,
  participating boolean not null
);

create table products (
  id uuid primary key,
  store_id uuid not null,
  name text not null,
  price jsonb not null
);

create table customers (
  id uuid primary key,
  enabled boolean not null
);
