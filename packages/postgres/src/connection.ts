import pg from "pg";
import { transactionLeaseMs } from "./keep-alive.ts";
import { quoteIdentifier } from "./store.ts";

/** How a pool of connections is to behave. */
export interface PoolOptions {
  /** Unqualified table names in the service's own SQL mean this schema. */
  readonly schema: string;
  /** Shown in `pg_stat_activity`. */
  readonly name: string;
  /** At most so many connections; who asks for one more waits. */
  readonly max: number;
  /** A statement that waits longer for a lock gives up. */
  readonly lockTimeoutMs?: number;
  /** A statement that takes longer is cancelled by the server. */
  readonly statementTimeoutMs?: number;
  /** Whether a commit may be forgotten by a server that crashes right after it. */
  readonly isForgettable?: boolean;
}

/**
 * A pool of pipelining connections. An idle connection that the server closes is replaced; it never takes the process
 * down. Transactions are READ COMMITTED whatever the database says: a batch must see what was committed after it got
 * its leases. One that a process leaves idle is ended by the server (see keep-alive.ts). Waiting for a connection ends after 5 s with an error that {@link isTransient} knows.
 */
export function createPool(url: string, options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max,
    application_name: options.name,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    idle_in_transaction_session_timeout: transactionLeaseMs,
    ...(options.lockTimeoutMs !== undefined && { lock_timeout: options.lockTimeoutMs }),
    ...(options.statementTimeoutMs !== undefined && { statement_timeout: options.statementTimeoutMs }),
    options: `-c search_path=${escapeOption(quoteIdentifier(options.schema))} -c default_transaction_isolation=${escapeOption("read committed")}${options.isForgettable ? " -c synchronous_commit=off" : ""}`,
    keepAlive: true,
    pipeline: true,
  } as pg.PoolConfig);
  const lent = new Set<pg.PoolClient>();
  lentConnections.set(pool, lent);
  pool.on("acquire", (client) => lent.add(client));
  pool.on("release", (_error, client) => lent.delete(client));
  pool.on("connect", (client) => client.on("error", () => lostConnections.add(client)));
  pool.on("error", (_error, client) => lostConnections.add(client));
  return pool;
}

const lentConnections = new WeakMap<pg.Pool, Set<pg.PoolClient>>();

/** Closes all connections of a pool, also those in use: what they have not committed is rolled back by the server. */
export async function closePool(pool: pg.Pool): Promise<void> {
  const lent = [...(lentConnections.get(pool) ?? [])];
  const isClosed = pool.end();
  await Promise.all(lent.map((client) => client.end()));
  if (lent.length === 0) await isClosed;
}

/** A lost connection also fails the statement that needs it, which is where it is dealt with. */
const lostConnections = new WeakSet<object>();

/** Whether a connection of {@link createPool} broke off. */
export function isConnectionLost(client: object): boolean {
  return lostConnections.has(client);
}

/** Escapes for the server's `options` start-up parameter, which splits at blanks. */
function escapeOption(value: string): string {
  return value.replace(/[\\ ]/g, (character) => `\\${character}`);
}
