create table orders (
  id uuid primary key,
  version integer not null,
  customer_id uuid not null,
  payment_id uuid not null,
  status text not null,
  items jsonb not null,
  total jsonb not null,
  shopping_list_id uuid,
  invoice_id uuid,
  rejection_reason text
);
