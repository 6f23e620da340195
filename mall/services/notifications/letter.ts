import type { Letter } from "./mailer.ts";
import type { MailNote } from "./mails.ts";
import type { NotificationKind } from "./schemas.ts";

const subjects: Readonly<Record<NotificationKind, string>> = {
  placed: "We have received your order",
  approved: "Your order is approved",
  rejected: "We cannot carry out your order",
  collecting: "Your order is being collected",
  ready: "Your order is ready",
  paid: "Your order is complete",
  cancelled: "Your order is cancelled",
};

/** One mailbox, in letters that need no quoting: nothing in it can end a header, a command, or an address. */
const mailbox = /^[a-z0-9!#$%&'*+/=?^_`{|}~.-]+@[a-z0-9.-]+$/i;

/** The mail that tells what a notification says; undefined when the customer has no address that mail can go to. */
export function letterOf(
  id: string,
  { kind, text, at, name, email }: Pick<MailNote, "kind" | "text" | "at" | "name" | "email">,
): Letter | undefined {
  if (!email || email.length > 254 || !mailbox.test(email)) return undefined;
  const shown = oneLine(name ?? "");
  return {
    id,
    to: { name: shown, address: email },
    subject: subjects[kind],
    text: `${shown ? `Hello ${shown},\n\n` : ""}${text}\n\nThe Mall\n`,
    date: at,
  };
}

/** Without control characters, line separators and what changes the direction of writing. */
function oneLine(name: string): string {
  return name
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .trim()
    .slice(0, 200);
}
