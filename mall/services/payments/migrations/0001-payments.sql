create table payments (
  id uuid primary key,
  customer_id uuid not null,
  amount jsonb not null,
  status text not null,
  decline_reason text,
  order_id uuid,
  -- Its hold is about to be given back: no order can have it any more.
  is_expiring boolean not null default false,
  -- The scheduled command that ends the hold.
  expiry_id uuid,
  version integer not null
);

create table invoices (
  id uuid primary key,
  order_id uuid not null unique,
  customer_id uuid not null,
  payment_id uuid not null,
  amount jsonb not null,
  status text not null,
  version integer not null,
  -- Since when the processor may have captured the amount.
  capture_asked_at timestamptz,
  -- Nobody came back to finish the capture: a command to ourselves does.
  is_finishing boolean not null default false
);
create index invoices_of_customer on invoices (customer_id, id);
create index invoices_asked on invoices (capture_asked_at)
  where status = 'pending' and capture_asked_at is not null and not is_finishing;

-- Requests for a payment that may have made a hold at the processor. Under one key of one caller there is one.
create table attempts (
  payment_id uuid primary key,
  caller text not null,
  key text,
  fingerprint bytea not null,
  tried_at timestamptz not null,
  is_running boolean not null default true,
  is_done boolean not null default false,
  unique (caller, key)
);
create index attempts_tried on attempts (tried_at);

-- What payments knows of customers, from their events.
create table customers (
  id uuid primary key
);

-- Its one row says that the sweeping has begun.
create table sweeping (
  begun boolean primary key check (begun)
);
