import { Readable } from "node:stream";
import type SMTPConnection from "nodemailer/lib/smtp-connection";
import type { SMTPConnectionAuth } from "nodemailer/lib/smtp-connection";
import { type MailOutcome, MailRefused, type PreparedMail } from "./mailer.ts";

interface Mail {
  readonly auth: SMTPConnectionAuth | undefined;
  readonly envelope: { readonly from: string; readonly to: string; readonly size: number };
  readonly content: Buffer;
}

/**
 * Hands a server everything but the end of a mail, on a connection that has not been opened.
 *
 * @param signal gives up when it is aborted before {@link PreparedMail.finish}
 * @throws MailRefused, or an Error that names neither the address nor what the server says about it
 */
export async function holdMail(
  connection: SMTPConnection,
  mail: Mail,
  signal: AbortSignal,
): Promise<PreparedMail> {
  const broken = Promise.withResolvers<never>();
  const giveUp = () => {
    broken.reject(signal.reason);
    connection.close();
  };
  connection.on("error", broken.reject);
  connection.on("end", () => setImmediate(broken.reject, new Error("The connection has ended.")));
  const stopListening = () => signal.removeEventListener("abort", giveUp);
  signal.addEventListener("abort", giveUp, { once: true });
  broken.promise.catch(() => {});
  try {
    signal.throwIfAborted();
    const body = heldBody(mail.content);
    const answer = await Promise.race([handOver(connection, mail, body), broken.promise]);
    const ended = Promise.race([answer.result, broken.promise]);
    return new HeldMail(connection, ended, { stopListening, end: body.end });
  } catch (error) {
    stopListening();
    connection.close();
    throw failureOf(error);
  }
}

/** Everything but the end of the mail. @returns what will be the server's answer */
async function handOver(connection: SMTPConnection, mail: Mail, body: ReturnType<typeof heldBody>) {
  await called((done) => connection.connect(done));
  const { auth } = mail;
  if (auth) await called((done) => connection.login(auth, done));
  const result = called((done) => connection.send(mail.envelope, body.stream, done));
  const early = result.then(() => Promise.reject(new Error("The server answered before the mail's end.")));
  await Promise.race([body.isTaken, early]);
  early.catch(() => {});
  return { result };
}

function called(call: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => call((error) => (error ? reject(error) : resolve())));
}

/** The server has said that it takes the mail's content when somebody asks for more than that; then only the end is missing. */
function heldBody(content: Buffer) {
  const taken = Promise.withResolvers<void>();
  const parts = [content];
  const read = () => {
    const part = parts.shift();
    if (part) stream.push(part);
    else taken.resolve();
  };
  const stream = new Readable({ read });
  return { stream, isTaken: taken.promise, end: () => stream.push(null) };
}

interface Steps {
  /** From now on nobody's giving up cuts the connection. */
  stopListening(): void;
  end(): void;
}

class HeldMail implements PreparedMail {
  readonly #connection: SMTPConnection;
  readonly #ended: Promise<void>;
  readonly #steps: Steps;
  #isOver = false;
  #isSent = false;

  constructor(connection: SMTPConnection, ended: Promise<void>, steps: Steps) {
    this.#connection = connection;
    this.#steps = steps;
    this.#ended = ended.finally(() => {
      this.#isOver = true;
    });
    this.#ended.catch(() => {});
  }

  async finish(): Promise<MailOutcome> {
    if (this.#isOver || this.#connection.destroyed) return { state: "waiting" };
    this.#steps.stopListening();
    this.#steps.end();
    try {
      await this.#ended;
      this.#isSent = true;
      this.#connection.quit();
      return { state: "sent" };
    } catch (error) {
      return outcomeOf(error);
    }
  }

  discard(): void {
    this.#steps.stopListening();
    if (!this.#isSent) this.#connection.close();
  }
}

interface SmtpError {
  readonly code?: string;
  readonly originalCode?: string;
  readonly responseCode?: number;
  readonly command?: string;
}

/**
 * What it means that the server said no, or nothing, after the end of the mail. 421 is no answer to the mail: a server
 * that shuts down says it to everybody, also while it is accepting a mail.
 */
function outcomeOf(error: unknown): MailOutcome {
  const { responseCode = 0 } = error as SmtpError;
  if (responseCode < 400 || responseCode === shuttingDown) return { state: "uncertain" };
  return { state: responseCode < 500 ? "waiting" : "refused", replyCode: responseCode };
}

/**
 * What it means that a mail did not get as far as its end. A server that does not want us at all (5xx to the greeting or
 * to the login) says nothing about the mail. The server's words are left out: they may name the address.
 */
function failureOf(error: unknown): Error {
  const { code, originalCode, responseCode = 0, command } = error as SmtpError;
  const concernsMail = responseCode !== mustLogIn && /^(MAIL FROM|RCPT TO|DATA)$/.test(command ?? "");
  if (concernsMail && responseCode >= 500) return new MailRefused(responseCode);
  if (/^(EENVELOPE|EMESSAGE)$/.test(code ?? "") && responseCode === 0) return new MailRefused();
  const why = [originalCode ?? code, responseCode || undefined, command].filter(Boolean).join(", ");
  return new Error(`The mail server did not take a mail (${why || "no connection"}).`);
}

const shuttingDown = 421;
const mustLogIn = 530;
