/** A mail to one person, as plain text. */
export interface Letter {
  /** Unique: the mail's `Message-ID` is made of it. */
  readonly id: string;
  readonly to: { readonly name: string; readonly address: string };
  readonly subject: string;
  readonly text: string;
  readonly date: Date;
}

/** What became of a mail. After `waiting` and `refused` it certainly was not sent, after `uncertain` nobody knows. */
export type MailOutcome =
  | { readonly state: "sent" | "uncertain" }
  | { readonly state: "waiting" | "refused"; readonly replyCode?: number };

/** A mail of which the server has everything but the end. */
export interface PreparedMail {
  /** Ends the mail: the server sends it from now on, unless it says no. Never throws; gives up after 10 s of silence. */
  finish(): Promise<MailOutcome>;
  /** Breaks off, which tells the server to forget a mail that has not been ended. Harmless after {@link finish}. */
  discard(): void;
}

/** Sends mails, in two steps, so that a note can be made between them. */
export interface Mailer {
  /**
   * Hands the server everything but the end of a mail: from the moment of {@link PreparedMail.finish} on it may be sent.
   *
   * @param signal gives up when it is aborted; without effect after `finish`
   * @throws MailRefused when the server does not want this mail, now or later; any other error: try again
   */
  prepare(letter: Letter, signal: AbortSignal): Promise<PreparedMail>;
}

/** The server does not want this mail, and another attempt will not change that. It was not sent. */
export class MailRefused extends Error {
  override readonly name = "MailRefused";
  /** What the server answered, unless the mail never got there. */
  readonly replyCode: number | undefined;

  constructor(replyCode?: number) {
    super(`The mail was refused (${replyCode ?? "before it was sent"}).`);
    this.replyCode = replyCode;
  }
}
