create table bots (
  id uuid primary key,
  name text not null,
  status text not null,
  version integer not null
);

-- One row for each order that a command has named. Whoever creates or cancels the list of an order locks its row first.
-- `cancelled`: it was cancelled when it had no list, and gets none any more.
create table orders (
  id uuid primary key,
  cancelled boolean not null
);

create table shopping_lists (
  id uuid primary key,
  order_id uuid not null unique references orders (id),
  status text not null,
  bot_id uuid references bots (id),
  stops jsonb not null,
  version integer not null
);
create index shopping_lists_by_status on shopping_lists (status, id);
-- The last fence behind the row locks: a bot never has two lists.
create unique index one_list_for_a_bot on shopping_lists (bot_id) where status = 'assigned';

-- What depot knows of the stores, from their events.
create table stores (
  id uuid primary key,
  name text not null,
  location text not null
);

-- A removed product stays, so that it differs from one that has not been heard of.
create table products (
  id uuid primary key,
  store_id uuid not null,
  name text not null,
  removed boolean not null
);
