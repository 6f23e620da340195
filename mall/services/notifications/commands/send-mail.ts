import type { MessageOf, Transaction } from "tidings";
import type { MailState, SendMail } from "../contract.ts";
import { letterOf } from "../letter.ts";
import { type Letter, type Mailer, type MailOutcome, MailRefused, type PreparedMail } from "../mailer.ts";
import { findMail, lockSending, moveMail } from "../mails.ts";

/** Where it is written what an operator should know: ids, never addresses. */
export interface MailLog {
  warn(fields: object, message: string): void;
}

type Handle = (command: MessageOf<typeof SendMail>, tx: Transaction) => Promise<{ state: MailState }>;

/**
 * Sends the mail of a notification, once. A server that is away or puts the mail off makes the command fail, so that it
 * is repeated; what cannot be told after a crash is not repeated, but noted as uncertain.
 *
 * @param mailer without one, mails that are still waiting are skipped
 */
export function sendMail(mailer: Mailer | undefined, log: MailLog): Handle {
  return async ({ data: { notificationId } }, tx) => {
    const mail = await findMail(tx, notificationId);
    if (mail?.state === "sending") return settle(tx, notificationId, log);
    if (mail?.state !== "waiting") return { state: mail?.state ?? "skipped" };
    if (mailer && !mail.isCustomerKnown) throw new Error("The customer is not known yet.");
    const letter = letterOf(notificationId, mail);
    if (!mailer || !letter) return leave(tx, notificationId, "skipped");
    try {
      return await send(tx, mailer, letter, log);
    } catch (error) {
      if (!(error instanceof MailRefused)) throw error;
      return leave(tx, notificationId, "refused", error.replyCode);
    }
  };
}

/** Notes that a mail is not sent. Nothing has happened outside, so the note may be part of the handler's transaction. */
async function leave(tx: Transaction, id: string, to: "skipped" | "refused", replyCode?: number) {
  await moveMail(tx, id, { from: "waiting", to, replyCode });
  return { state: to };
}

async function send(tx: Transaction, mailer: Mailer, letter: Letter, log: MailLog) {
  const prepared = await mailer.prepare(letter, tx.signal);
  try {
    const outcome = await tx.apart((held) => finish(tx, held, letter.id, prepared));
    if (outcome.state === "waiting")
      throw new Error(`The mail server put a mail off (${outcome.replyCode ?? "it broke off"}).`);
    if (outcome.state === "uncertain") warn(log, letter.id);
    return { state: outcome.state };
  } finally {
    prepared.discard();
  }
}

/**
 * Ends a prepared mail between its two notes.
 *
 * @param held a transaction apart that has begun before the first note and is not cut off when the handler's time is up:
 *   it locks the mail while the server has it, and notes what the server says
 */
async function finish(
  tx: Transaction,
  held: Transaction,
  id: string,
  prepared: PreparedMail,
): Promise<MailOutcome> {
  await findMail(held, id);
  const isMine = await tx.apart((note) => moveMail(note, id, { from: "waiting", to: "sending" }));
  if (!isMine || !(await lockSending(held, id))) throw new Error("Somebody else has taken this mail.");
  const outcome = await prepared.finish();
  const replyCode = "replyCode" in outcome ? outcome.replyCode : undefined;
  await moveMail(held, id, { from: "sending", to: outcome.state, replyCode });
  return outcome;
}

/** A mail that somebody began to send: unless they are still at it, nobody knows what became of it. */
async function settle(tx: Transaction, id: string, log: MailLog): Promise<{ state: MailState }> {
  const isLeft = await tx.apart(
    async (held) => (await lockSending(held, id)) && moveMail(held, id, { from: "sending", to: "uncertain" }),
  );
  if (!isLeft) throw new Error("Somebody else is sending this mail.");
  warn(log, id);
  return { state: "uncertain" };
}

function warn(log: MailLog, notificationId: string): void {
  log.warn({ notificationId }, "whether a mail was sent is not known; it is not sent again");
}
