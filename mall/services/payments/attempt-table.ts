import { createHash } from "node:crypto";
import { Problem, type ServiceRequest, type Transaction } from "tidings";
import type { RequestPayment } from "./schemas.ts";

/** An attempt that has not ended by then died with its process: longer than a hold may take at the processor. */
const longestMs = 6_000;
const takenAtOnce = 500;

/** A new payment's id, and the time. */
export interface AttemptStart {
  readonly paymentId: string;
  readonly now: Date;
}

/**
 * Writes down, before the processor is asked, that a hold may come to be. It is kept whatever becomes of the request:
 * a repeat under the same `Idempotency-Key` goes on with the same payment, and so with the same hold.
 *
 * @returns the payment's id
 * @throws Problem `request-in-progress` while the same request runs or has just ended, `idempotency-key-reused`
 */
export async function beginAttempt(
  request: ServiceRequest,
  asked: RequestPayment,
  { paymentId, now }: AttemptStart,
): Promise<string> {
  const { actor, idempotencyKey } = request;
  const fingerprint = fingerprintOf(asked);
  const { rows } = await request.sql<{ id: string }>(
    `insert into attempts (payment_id, caller, key, fingerprint, tried_at) values ($1, $2, $3, $4, $5)
     on conflict (caller, key) do update set tried_at = excluded.tried_at, is_running = true
     where not attempts.is_done and attempts.fingerprint = excluded.fingerprint
       and (not attempts.is_running or attempts.tried_at <= $6)
     returning payment_id as id`,
    [paymentId, actor, idempotencyKey, fingerprint, now, before(now, longestMs)],
  );
  if (rows[0]) return rows[0].id;
  const other = await request.sql(
    "select from attempts where caller = $1 and key = $2 and fingerprint <> $3",
    [actor, idempotencyKey, fingerprint],
  );
  if (other.rowCount === 1) throw new Problem("idempotency-key-reused");
  throw new Problem("request-in-progress", undefined, { retryAfter: 1 });
}

function fingerprintOf({ customerId, amount, cardToken }: RequestPayment): Buffer {
  const text = JSON.stringify([customerId, amount.amount, amount.currency, cardToken]);
  return createHash("sha256").update(text).digest();
}

/** The attempt has ended without an answer of the processor: a repeat need not wait. */
export async function pauseAttempt(request: ServiceRequest, paymentId: string): Promise<void> {
  await request.sql("update attempts set is_running = false where payment_id = $1", [paymentId]);
}

/**
 * Ends an attempt in the transaction that stores its payment.
 * @returns false when it was given up meanwhile: its hold is given back
 */
export async function endAttempt(tx: Transaction, paymentId: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    "update attempts set is_done = true where payment_id = $1 and not is_done",
    [paymentId],
  );
  return rowCount === 1;
}

/**
 * Forgets the attempts that nobody has come back to since a time. One that is just being ended is left alone.
 * @returns those that have led to no payment
 */
export async function giveUpAttempts(tx: Transaction, since: Date): Promise<string[]> {
  const { rows } = await tx.query<{ id: string; isDone: boolean }>(
    `delete from attempts where payment_id = any (array(
       select payment_id from attempts where tried_at < $1 order by tried_at limit $2 for update skip locked))
     returning payment_id as id, is_done as "isDone"`,
    [since, takenAtOnce],
  );
  return rows.filter(({ isDone }) => !isDone).map(({ id }) => id);
}

/** So long before a time. */
export function before(time: Date, ms: number): Date {
  return new Date(time.getTime() - ms);
}
