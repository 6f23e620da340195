import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

/** A mail that the server has received to its end. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly content: string;
}

/** The server's answer: it accepts the mail unless an error is thrown; `hang` never answers. */
export type Answer = (mail: ReceivedMail) => void | Promise<void>;

/** An SMTP error of a server, by its reply code. */
export function reply(responseCode: number): Error {
  return Object.assign(new Error("No."), { responseCode });
}

/** A real SMTP server on a free port, or on the one that it had before. */
export class MailServer {
  /** Every mail that was received to its end, whatever was answered. */
  readonly received: ReceivedMail[] = [];
  /** What was accepted: each of these is in somebody's mailbox. */
  readonly accepted: ReceivedMail[] = [];
  answer: Answer = () => {};
  connections = 0;
  readonly #options: SMTPServerOptions;
  #server: SMTPServer | undefined;
  #port = 0;

  constructor(options: SMTPServerOptions = {}) {
    this.#options = options;
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const server = new SMTPServer({
      disabledCommands: ["STARTTLS"],
      authOptional: true,
      disableReverseLookup: true,
      logger: false,
      closeTimeout: 10,
      onConnect: (_session, done) => {
        this.connections++;
        done();
      },
      onData: (stream, session, done) => {
        const { mailFrom, rcptTo } = session.envelope;
        text(stream)
          .then(async (content) => {
            const from = mailFrom ? mailFrom.address : "";
            const mail = { from, to: rcptTo.map(({ address }) => address), content };
            this.received.push(mail);
            await this.answer(mail);
            this.accepted.push(mail);
          })
          .then(() => done(), done);
      },
      ...this.#options,
    });
    server.on("error", () => {});
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (server.server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Cuts all connections. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server) await new Promise<void>((resolve) => server.close(resolve));
  }
}
