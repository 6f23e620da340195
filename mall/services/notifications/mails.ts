import type { Transaction } from "tidings";
import { type MailState, SendMail } from "./contract.ts";
import type { NotificationKind } from "./schemas.ts";

/**
 * The note of each mail. SMTP knows no idempotency key, so what has been done is noted apart from the transaction that
 * handles the command, before and after the moment from which on the server may send the mail:
 *
 *   waiting → sending → sent | refused | uncertain, or back to waiting when the server puts the mail off
 *   waiting → refused, or skipped: there is no address, or no mail server
 *
 * Whoever sends has the row locked while it is `sending`. A row that is `sending` and not locked is one whose sender
 * died: nobody knows whether the mail was sent, so it becomes `uncertain`.
 */
export interface MailNote {
  readonly state: MailState;
  readonly kind: NotificationKind;
  readonly text: string;
  readonly at: Date;
  /** Whether the customer's registration is known here. */
  readonly isCustomerKnown: boolean;
  readonly name: string | null;
  readonly email: string | null;
}

/** Has a notification sent by mail: notes it, and tells the service itself to send it. */
export async function orderMail(tx: Transaction, notificationId: string): Promise<void> {
  tx.send(SendMail, { notificationId });
  await tx.query("insert into mails (notification_id) values ($1)", [notificationId]);
}

/** The mail of a notification, with what it is to say, and to whom. */
export async function findMail(tx: Transaction, notificationId: string): Promise<MailNote | undefined> {
  const { rows } = await tx.query<MailNote>(
    `select m.state, n.kind, n.text, n.at, c.id is not null as "isCustomerKnown", c.name, c.email
     from mails m join notifications n on n.id = m.notification_id left join customers c on c.id = n.customer_id
     where m.notification_id = $1`,
    [notificationId],
  );
  return rows[0];
}

interface Move {
  readonly from: MailState;
  readonly to: MailState;
  readonly replyCode?: number | undefined;
}

/** Moves a mail on from the state that it is expected to have. @returns whether it had it */
export async function moveMail(tx: Transaction, notificationId: string, move: Move): Promise<boolean> {
  const { rowCount } = await tx.query(
    "update mails set state = $3, reply_code = $4 where notification_id = $1 and state = $2",
    [notificationId, move.from, move.to, move.replyCode ?? null],
  );
  return rowCount === 1;
}

/** Locks a mail that is `sending` until the transaction ends. @returns false when somebody else has it, or it is not */
export async function lockSending(tx: Transaction, notificationId: string): Promise<boolean> {
  const { rows } = await tx.query(
    "select from mails where notification_id = $1 and state = 'sending' for update skip locked",
    [notificationId],
  );
  return rows.length === 1;
}
