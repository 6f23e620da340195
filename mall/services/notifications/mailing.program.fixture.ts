import { flushCompileCache } from "node:module";
import { Host } from "tidings";
import type { Mailer } from "./mailer.ts";
import { smtpMailer } from "./mailer-smtp.ts";
import { notifications } from "./service.ts";

/**
 * Notifications with mail, which dies at a moment of the first mail that it sends:
 * `mailing.program.fixture.ts <database> <server> <moment>`.
 *
 *   prepared   the server has everything but the end; nothing is noted
 *   noted      `sending` is noted; the server has not got the end
 *   answered   the server has accepted the mail; that is not noted
 *   handled    that is noted; the handler's own transaction has not committed
 *   never      until it is killed
 */
const [databaseUrl = "", smtpUrl = "", moment] = process.argv.slice(2);
flushCompileCache();

let isSent = false;

function dieAt(reached: string): void {
  if (reached === moment) process.kill(process.pid, "SIGKILL");
}

const server = smtpMailer(smtpUrl);
const mail: Mailer = {
  prepare: async (letter, signal) => {
    const prepared = await server.prepare(letter, signal);
    dieAt("prepared");
    return {
      finish: async () => {
        dieAt("noted");
        const outcome = await prepared.finish();
        dieAt("answered");
        isSent = true;
        return outcome;
      },
      discard: () => prepared.discard(),
    };
  },
};

await Host.start([notifications({ mail })], {
  databaseUrl,
  log: { info() {}, warn() {}, error: console.error },
  probe: (step) => {
    if (step === "handled" && isSent) dieAt("handled");
  },
});
