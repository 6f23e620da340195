-- Typo tolerance, where the server has it and lets us have it: without it, search finds what is spelled right.
do $$
begin
  create extension if not exists pg_trgm;
exception when others then
  raise notice 'Searching without pg_trgm: %', sqlerrm;
end
$$;

-- A store without a name is one of which only products have been heard so far.
create table stores (
  id uuid primary key,
  name text,
  participating boolean not null default false
);

-- Each text is indexed as English and as it stands: so stems are found, and so are stop words and beginnings of words.
create table products (
  id uuid primary key,
  store_id uuid not null,
  store_name text,
  name text not null,
  description text not null,
  sku text not null,
  amount bigint not null,
  currency text not null,
  words tsvector not null generated always as (
    setweight(to_tsvector('english', name), 'A') || setweight(to_tsvector('simple', name), 'A')
    || setweight(to_tsvector('simple', sku), 'A')
    || setweight(to_tsvector('english', coalesce(store_name, '')), 'B')
    || setweight(to_tsvector('simple', coalesce(store_name, '')), 'B')
    || setweight(to_tsvector('english', description), 'C') || setweight(to_tsvector('simple', description), 'C')
  ) stored
);
create index products_by_words on products using gin (words);
create index products_of_store on products (store_id);
create index products_by_name on products ((lower(name) collate "C"), id);
create index products_by_price on products (amount, id);

create table orders (
  id uuid primary key,
  customer_id uuid not null,
  payment_id uuid not null,
  status text not null,
  items jsonb not null,
  amount bigint not null,
  currency text not null,
  shopping_list_id uuid,
  invoice_id uuid,
  rejection_reason text,
  placed_at timestamptz not null
);
create index orders_by_time on orders (placed_at desc, id desc);
create index orders_of_customer on orders (customer_id, placed_at desc, id desc);
create index orders_by_items on orders using gin (items jsonb_path_ops);
