import type { Query } from "./database.ts";

/**
 * A witness in the database of search: it writes down every status that an order takes there, in the transaction that
 * sets it. So what was rolled back is not in it, and what was done twice is in it twice, although the order itself looks
 * the same afterwards.
 */
export async function installWitness(query: Query): Promise<void> {
  await query(`
create schema chaos;
create table chaos.order_steps (number bigint generated always as identity, order_id uuid not null, status text not null);
create function chaos.note_order_step() returns trigger language plpgsql security definer as $$
begin
  insert into chaos.order_steps (order_id, status) values (new.id, new.status);
  return null;
end $$;
grant usage on schema chaos to public;
create trigger note_order_step after insert or update on search.orders
  for each row execute function chaos.note_order_step()`);
}
