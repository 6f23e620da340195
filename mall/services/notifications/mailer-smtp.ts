import addressparser from "nodemailer/lib/addressparser";
import MailComposer from "nodemailer/lib/mail-composer";
import { parseConnectionUrl } from "nodemailer/lib/shared";
import SMTPConnection from "nodemailer/lib/smtp-connection";
import type { Letter, Mailer } from "./mailer.ts";
import { holdMail } from "./smtp-delivery.ts";

export interface SmtpOptions {
  /** `Name <address>`: "The Mall <mall@localhost>". */
  readonly from?: string | undefined;
}

/**
 * Sends mails through an SMTP server, on a connection for each. Every step, and the answer to the whole mail, is waited
 * for 10 s at most.
 *
 * @param url `smtp://user:password@host:port` (TLS when the server offers it, demanded by `?requireTLS=true`) or
 *   `smtps://…` (TLS from the start). A server on this machine need not have a certificate that is trusted.
 * @throws Error that names the setting which is wrong, without its value
 */
export function smtpMailer(url: string, { from = "The Mall <mall@localhost>" }: SmtpOptions = {}): Mailer {
  const server = serverOf(url);
  const sender = senderOf(from);
  return {
    prepare: async (letter, signal) => {
      const content = await compose(letter, sender);
      const envelope = { from: sender.address, to: letter.to.address, size: content.length };
      return holdMail(new SMTPConnection(server), { auth: server.auth, envelope, content }, signal);
    },
  };
}

type Sender = ReturnType<typeof senderOf>;

function serverOf(url: string) {
  if (!/^smtps?:\/\/[^/]/.test(url) || !URL.canParse(url))
    throw new Error("SMTP_URL must look like smtp://user:password@host:port.");
  const { tls, auth, ...rest } = parseConnectionUrl(url);
  const isLocal = /^(localhost|127(\.\d+){3}|::1)$/.test(rest.host ?? "localhost");
  const limits = {
    connectionTimeout: stepMs,
    greetingTimeout: stepMs,
    socketTimeout: stepMs,
    dnsTimeout: stepMs,
  };
  const quiet = { logger: false, debug: false, transactionLog: false };
  return { ...rest, ...limits, ...quiet, tls: { rejectUnauthorized: !isLocal, ...tls }, auth };
}

const stepMs = 10_000;

function senderOf(from: string) {
  const [sender, ...others] = addressparser(from, { flatten: true });
  if (!sender || others.length > 0 || !/^[^\s@<>]+@[^\s@<>]+$/.test(sender.address))
    throw new Error("MALL_MAIL_FROM must look like The Mall <mall@example.com>.");
  return { name: sender.name, address: sender.address };
}

function compose({ id, to, subject, text, date }: Letter, from: Sender): Promise<Buffer> {
  const messageId = `<${id}@${from.address.split("@")[1]}>`;
  const headers = { "Auto-Submitted": "auto-generated" };
  return new MailComposer({ from, to, subject, text, date, messageId, headers }).compile().build();
}
