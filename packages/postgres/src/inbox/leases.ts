import { randomUUID } from "node:crypto";
import type { ClientBase, QueryConfig } from "pg";
import type { Store } from "../store.ts";

/** A lease that this process holds. Its token grows with each change of owner. */
export interface Lease {
  readonly name: string;
  readonly owner: string;
  readonly token: string;
}

/** An owner that does not renew a lease for so long loses it to the next who asks. */
export const leaseMs = 3_000;

/**
 * Leases of this process on things that one process at a time should do. They are rows with a time by the server's
 * clock, so they hold through connection poolers, and of a process that is paused or dead they end by themselves. Whoever
 * acts under a lease checks it in the transaction that acts; see {@link heldLease}.
 */
export class Leases {
  readonly #client: Pick<ClientBase, "query">;
  readonly #store: Store;
  readonly #owner = randomUUID();

  constructor(client: Pick<ClientBase, "query">, store: Store) {
    this.#client = client;
    this.#store = store;
  }

  /** Takes the leases that are free, and renews those that are held. @returns all that are held now, by name */
  async take(names: readonly string[]): Promise<Map<string, Lease>> {
    const leases = this.#store.table("leases");
    const { rows } = await this.#client.query<{ name: string; token: string }>({
      name: `tidings_take_leases ${this.#store.schema}`,
      text: `
insert into ${leases} as l (name, owner, token, expires_at)
select n, $2, 1, clock_timestamp() + $3::int * interval '1 ms' from unnest($1::text[]) n order by n
on conflict (name) do update set owner = excluded.owner, expires_at = excluded.expires_at,
  token = case when l.owner = excluded.owner then l.token else l.token + 1 end
where l.owner = excluded.owner or l.expires_at < clock_timestamp()
returning name, token`,
      values: [names, this.#owner, leaseMs],
    });
    return new Map(rows.map(({ name, token }) => [name, { name, owner: this.#owner, token }]));
  }

  /** Gives up all that are held, so that the next who asks need not wait. */
  async release(): Promise<void> {
    await this.#client.query({
      text: `update ${this.#store.table("leases")} set expires_at = '-infinity' where owner = $1`,
      values: [this.#owner],
    });
  }
}

/** The SQL of a row that is there while a lease is held, and keeps others from taking it until the transaction has ended. */
export function heldLease(store: Store, lease: Lease, firstParameter: number): QueryConfig {
  const [name, owner, token] = [0, 1, 2].map((offset) => `$${firstParameter + offset}`);
  return {
    text: `select from ${store.table("leases")} where name = ${name} and owner = ${owner} and token = ${token} for share`,
    values: [lease.name, lease.owner, lease.token],
  };
}
