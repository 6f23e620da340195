#!/bin/sh
# Gives each service of $MALL_SERVICES a role and a database of its own, which no other role may connect to. The image
# of PostgreSQL runs it once, when the volume is new. The password of `stores` is in $STORES_DATABASE_PASSWORD.
set -eu

query() {
  psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname=postgres "$@"
}

for service in $MALL_SERVICES; do
  variable="$(printf %s "$service" | tr a-z- A-Z_)_DATABASE_PASSWORD"
  eval ": \${$variable:?is missing}"
  query --set=name="mall_$service" --set=variable="$variable" <<'SQL'
\getenv password :variable
create role :"name" login nosuperuser nocreatedb nocreaterole noreplication password :'password';
create database :"name" owner :"name";
revoke all on database :"name" from public;
SQL
done

query <<'SQL'
revoke all on database postgres, template1 from public;
SQL
