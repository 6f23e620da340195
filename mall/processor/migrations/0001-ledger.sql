-- A hold that was given up before it arrived is `void`; `failed` is one whose first request was answered with a 500.
create table holds (
  reference text primary key,
  amount jsonb,
  status text not null,
  reason text,
  requests integer not null,
  seen bigint generated always as identity
);

create table captures (
  key text primary key,
  reference text not null references holds (reference),
  amount jsonb not null,
  seen bigint generated always as identity
);

create table releases (
  key text primary key,
  reference text not null references holds (reference),
  amount jsonb not null,
  seen bigint generated always as identity
);
