create table stores (
  id uuid primary key,
  name text not null,
  location text not null,
  participating boolean not null,
  version integer not null
);

create table products (
  id uuid primary key,
  store_id uuid not null references stores (id),
  name text not null,
  description text not null,
  sku text not null,
  price jsonb not null,
  version integer not null
);
create index products_of_store on products (store_id, id);

-- Who holds a sku. The primary key decides between two products that are added at once.
create table skus (
  store_id uuid not null,
  sku text not null,
  product_id uuid not null,
  primary key (store_id, sku)
);
