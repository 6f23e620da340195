import { createHash } from "node:crypto";
import type { ClientBase, Pool, QueryConfig } from "pg";
import { readHeads } from "./registry.ts";
import type { Store } from "./store.ts";
import type { Positions, UnitOfWork } from "./unit-of-work.ts";

/** A request under a key: the key is the caller's own, the fingerprint says which request it was used for. */
export interface KeyedCall {
  readonly caller: string;
  readonly key: string;
  readonly fingerprint: Buffer;
}

/** The answer to a request, as it is repeated. */
export interface StoredAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Where a key stands: free (and now ours), held by a running request, used for another request, or answered. */
export type Claim =
  | { readonly state: "free" | "running" | "reused" }
  | { readonly state: "answered"; readonly answer: StoredAnswer };

const lifetimeMs = 24 * 60 * 60 * 1000;

interface Row {
  readonly fingerprint: Buffer;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/**
 * Claims a key for the length of a transaction, as its first statements (one round trip), and sets the savepoint to
 * which a refusal returns. The lock comes in a statement of its own before the look-up: only a snapshot taken after
 * the lock is granted surely shows the answer of whoever held it. The lock is 64 bits of a hash; the row is found by
 * the key itself. A process that dies frees the lock and leaves nothing.
 */
export async function claimKey(unit: UnitOfWork, call: KeyedCall): Promise<Claim> {
  const { store, clock } = unit.context;
  const [lock, found] = await Promise.all([
    unit.query<{ mine: boolean }>({
      name: "tidings_claim",
      text: "select pg_try_advisory_xact_lock($1::bigint) as mine",
      values: [lockOf(store, call)],
    }),
    unit.query<Row>({
      name: `tidings_answered ${store.schema}`,
      text: `select fingerprint, status, headers, body from ${store.table("idempotency")}
        where caller = $1 and key = $2 and expires_at > $3`,
      values: [call.caller, call.key, clock.now()],
    }),
    unit.savepoint(),
  ]);
  if (!lock.rows[0]?.mine) return { state: "running" };
  const row = found.rows[0];
  if (!row) return { state: "free" };
  if (!row.fingerprint.equals(call.fingerprint)) return { state: "reused" };
  return {
    state: "answered",
    answer: { status: row.status, headers: row.headers, body: row.body ?? undefined },
  };
}

function lockOf(store: Store, { caller, key }: KeyedCall): string {
  const name = JSON.stringify([store.schema, caller, key]);
  return createHash("sha256").update(`tidings:idempotency:${name}`).digest().readBigInt64BE(0).toString();
}

/**
 * Stores the answer under a claimed key, for 24 h, in the transaction that holds the claim. It does not wait: the
 * statement travels with the commit, which fails if it does.
 */
export function storeAnswer(unit: UnitOfWork, call: KeyedCall, answer: StoredAnswer): void {
  const { store, clock } = unit.context;
  void unit.query({
    name: `tidings_store_answer ${store.schema}`,
    text: `insert into ${store.table("idempotency")} (caller, key, fingerprint, status, headers, body, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7)
      on conflict (caller, key) do update set fingerprint = excluded.fingerprint, status = excluded.status,
        headers = excluded.headers, body = excluded.body, expires_at = excluded.expires_at`,
    values: [
      call.caller,
      call.key,
      call.fingerprint,
      answer.status,
      JSON.stringify(answer.headers),
      answer.body === undefined ? null : JSON.stringify(answer.body),
      new Date(clock.now().getTime() + lifetimeMs),
    ],
  });
}

/**
 * The last recorded position of each partition of the service's outbox. A repeated answer carries them, since the
 * first one's own positions are drawn after its answer is stored: they cover those, and ask for a little more.
 */
export function recordedSoFar(unit: UnitOfWork): Promise<Positions> {
  const client = { query: (query: QueryConfig) => unit.query(query) };
  return readHeads(client as unknown as ClientBase, unit.context.store);
}

/**
 * Deletes answers and operations whose time is over, `limit` of each at most; those that another process is deleting
 * are passed over. @returns how many were deleted: call again while it is not less than `limit`
 */
export async function purgeExpired(
  pool: Pick<Pool, "query">,
  store: Store,
  now: Date,
  limit: number,
): Promise<{ answers: number; operations: number }> {
  const purge = async (table: string): Promise<number> => {
    const { rowCount } = await pool.query(
      `delete from ${store.table(table)} where ctid = any (array(
        select ctid from ${store.table(table)} where expires_at <= $1 order by expires_at limit $2 for update skip locked))`,
      [now, limit],
    );
    return rowCount ?? 0;
  };
  return { answers: await purge("idempotency"), operations: await purge("operations") };
}
