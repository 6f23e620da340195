import { randomBytes } from "node:crypto";
import type { Pool } from "pg";

/**
 * A random key of 32 bytes that all processes on this database share, and that outlives them: made when it is first
 * asked for.
 */
export async function readSecret(pool: Pick<Pool, "query">, name: string): Promise<Buffer> {
  await pool.query("insert into tidings.secrets (name, value) values ($1, $2) on conflict do nothing", [
    name,
    randomBytes(32),
  ]);
  const { rows } = await pool.query<{ value: Buffer }>("select value from tidings.secrets where name = $1", [
    name,
  ]);
  const [secret] = rows;
  if (!secret) throw new Error(`The secret ${name} is gone.`);
  return secret.value;
}
