import { mayActFor } from "@mall/common/access";
import { created, notFound, Problem, type ServiceRequest, type Transaction, uuidv7 } from "tidings";
import { beginAttempt, endAttempt, pauseAttempt } from "../attempt-table.ts";
import { type CardProcessor, type HoldOutcome, ProcessorUnavailable } from "../card-processor.ts";
import { checkFirst, whenKeyIsFree } from "../check-first.ts";
import { PaymentAuthorized, PaymentDeclined } from "../contract.ts";
import { isCustomer } from "../handlers/on-customer-registered.ts";
import { ExpirePayment } from "../own-commands.ts";
import { newPayment, type Payment } from "../payment.ts";
import { insertPayment } from "../payment-table.ts";
import { paymentResource } from "../resources.ts";
import type { RequestPayment } from "../schemas.ts";

/** How payments are authorized. */
export interface Authorizing {
  readonly processor: CardProcessor;
  readonly holdExpiresMs: number;
}

/**
 * Holds an amount on a card and answers with the payment, authorized or declined:
 *
 *   check → write the attempt down → hold → store the payment, end the attempt
 *
 * The steps are transactions of their own, and no connection waits for the processor. If the process dies, or the
 * processor does not answer, the attempt stays: a repeat under the same `Idempotency-Key` goes on with it, so it makes
 * no second hold; if none comes, the attempt is given up and its hold given back (see sweep-attempts.ts).
 *
 * @throws Problem `processor-unavailable`, `request-in-progress`, `idempotency-key-reused`
 */
export async function authorizePayment(
  request: ServiceRequest,
  asked: RequestPayment,
  { processor, holdExpiresMs }: Authorizing,
): Promise<unknown> {
  const checked = await checkFirst(request, async (tx) => {
    const { customerId } = asked;
    const isKnown = mayActFor(request, customerId) && (await isCustomer(tx, customerId));
    return isKnown ? startOf(tx) : notFound("customer", customerId);
  });
  if ("answer" in checked) return checked.answer;
  const paymentId = await beginAttempt(request, asked, checked.passed);
  try {
    const outcome = await hold(processor, { ...asked, paymentId });
    const payment = newPayment(paymentId, asked, outcome);
    return await whenKeyIsFree(() => request.transaction((tx) => endWith(tx, payment, holdExpiresMs)));
  } catch (error) {
    await pauseAttempt(request, paymentId);
    throw error;
  }
}

async function endWith(tx: Transaction, payment: Payment, holdExpiresMs: number) {
  if (!(await endAttempt(tx, payment.id))) throw unavailable();
  await storePayment(tx, payment, holdExpiresMs);
  return created(`/api/payments/${payment.id}`, paymentResource(payment), { version: payment.version });
}

function startOf(tx: Transaction) {
  const now = tx.now();
  return { paymentId: uuidv7(now.getTime()), now };
}

async function hold(
  processor: CardProcessor,
  { paymentId, amount, cardToken }: RequestPayment & { readonly paymentId: string },
): Promise<HoldOutcome> {
  try {
    return await processor.hold({ reference: paymentId, amount, cardToken });
  } catch (error) {
    throw error instanceof ProcessorUnavailable ? unavailable(error) : error;
  }
}

async function storePayment(tx: Transaction, payment: Payment, holdExpiresMs: number): Promise<void> {
  const { id: paymentId, customerId, amount, declineReason } = payment;
  if (declineReason !== undefined) {
    await insertPayment(tx, payment);
    tx.publish(PaymentDeclined, { paymentId, customerId, amount, reason: declineReason });
    return;
  }
  const expires = new Date(tx.now().getTime() + holdExpiresMs);
  await insertPayment(tx, payment, tx.schedule(expires, ExpirePayment, { paymentId }));
  tx.publish(PaymentAuthorized, { paymentId, customerId, amount });
}

/** The problem of a processor that does not answer: the request may be repeated under its key. */
export function unavailable(cause?: ProcessorUnavailable): Problem {
  return new Problem("processor-unavailable", undefined, { retryAfter: 1, cause });
}
