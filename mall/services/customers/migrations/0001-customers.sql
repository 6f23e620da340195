create table customers (
  id uuid primary key,
  name text not null,
  email text not null,
  sms_number text not null,
  enabled boolean not null,
  version integer not null
);
create unique index customers_email on customers (lower(email));
