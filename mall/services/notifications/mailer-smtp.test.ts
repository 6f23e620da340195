import { afterEach, beforeEach, expect, it } from "vitest";
import { type Letter, MailRefused } from "./mailer.ts";
import { smtpMailer } from "./mailer-smtp.ts";
import { MailServer, reply } from "./smtp-server.fixture.ts";

const letter: Letter = {
  id: "01981f4a-7c00-7000-8000-000000000020",
  to: { name: "Mína Okafor", address: "mina@example.com" },
  subject: "Your order is ready",
  text: "Hello Mína,\n\n.\nYour order is ready.\n",
  date: new Date("2026-08-22T10:00:00Z"),
};
const never = new AbortController().signal;

let server: MailServer;
async function start(options: ConstructorParameters<typeof MailServer>[0] = {}) {
  server = new MailServer(options);
  await server.start();
}
beforeEach(() => start());
afterEach(() => server.stop());

const prepare = (signal = never) => smtpMailer(server.url).prepare(letter, signal);

async function restart(options: ConstructorParameters<typeof MailServer>[0]) {
  await server.stop();
  await start(options);
}

it("A mail that was finished has arrived: to one, from the mall, with an id of its own.", async () => {
  const mail = await prepare();
  expect(server.received).toEqual([]);
  expect(await mail.finish()).toEqual({ state: "sent" });
  mail.discard();
  expect(server.accepted).toEqual([
    { from: "mall@localhost", to: ["mina@example.com"], content: expect.any(String) },
  ]);
  const [head = "", ...body] = server.accepted[0]?.content.split("\r\n\r\n") ?? [];
  expect(head).toContain("Message-ID: <01981f4a-7c00-7000-8000-000000000020@localhost>");
  expect(head).toContain("From: The Mall <mall@localhost>");
  expect(head).toMatch(/^To: =\?UTF-8\?.+\?= <mina@example.com>$/m);
  expect(head).toContain("Subject: Your order is ready");
  expect(head).toContain("Date: Sat, 22 Aug 2026 10:00:00 +0000");
  expect(body.join("\n\n")).toContain("\r\nYour order is ready.");
});

it("A mail that was discarded before its end never arrives.", async () => {
  const mail = await prepare();
  mail.discard();
  await (await prepare()).finish();
  expect(server.received).toHaveLength(1);
});

it("A mail whose sender gives up before its end never arrives.", async () => {
  const controller = new AbortController();
  const mail = await prepare(controller.signal);
  controller.abort();
  expect(await mail.finish()).toEqual({ state: "waiting" });
  await expect(prepare(controller.signal)).rejects.toThrow("The mail server did not take a mail");
  await (await prepare()).finish();
  expect(server.received).toHaveLength(1);
});

it("A sender that gives up after the mail's end still learns what became of it.", async () => {
  const controller = new AbortController();
  const mail = await prepare(controller.signal);
  server.answer = () => controller.abort();
  expect(await mail.finish()).toEqual({ state: "sent" });
});

it.each([
  [451, { state: "waiting", replyCode: 451 }],
  [554, { state: "refused", replyCode: 554 }],
])("The answer %i after the mail's end is definite.", async (code, outcome) => {
  server.answer = () => Promise.reject(reply(code));
  expect(await (await prepare()).finish()).toEqual(outcome);
});

it("A connection that is lost after the mail's end leaves open whether it was sent.", async () => {
  server.answer = () => server.stop();
  expect(await (await prepare()).finish()).toEqual({ state: "uncertain" });
});

it("A server that shuts down after the mail's end leaves open whether it has accepted it.", async () => {
  server.answer = () => Promise.reject(reply(421));
  expect(await (await prepare()).finish()).toEqual({ state: "uncertain" });
});

it.each([
  [
    "the recipient",
    { onRcptTo: (_: unknown, __: unknown, done: (error: Error) => void) => done(reply(550)) },
    550,
  ],
  [
    "the sender",
    { onMailFrom: (_: unknown, __: unknown, done: (error: Error) => void) => done(reply(552)) },
    552,
  ],
  ["a mail of this size", { size: 10 }, 552],
])("A mail is refused for good when the server does not want %s.", async (_, options, code) => {
  await restart(options);
  const refused = await prepare().catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(MailRefused);
  expect([code, undefined]).toContain((refused as MailRefused).replyCode);
});

it.each([
  [
    "puts the recipient off",
    { onRcptTo: (_: unknown, __: unknown, done: (error: Error) => void) => done(reply(450)) },
  ],
  ["does not want us", { onConnect: (_: unknown, done: (error: Error) => void) => done(reply(554)) }],
  ["wants us to log in first", { authOptional: false }],
])("A mail may be tried again when the server %s; the reason names nobody.", async (_, options) => {
  await restart(options);
  const failed = await prepare().catch((error: Error) => error);
  expect(failed).not.toBeInstanceOf(MailRefused);
  expect(String(failed)).toMatch(/^Error: The mail server did not take a mail \(.*\d\d\d.*\)\.$/);
  expect(String(failed)).not.toContain("mina");
});

it("A mail may be tried again when nobody listens.", async () => {
  await server.stop();
  await expect(prepare()).rejects.toThrow("ECONNREFUSED");
});

it("It logs in with what the address says; a wrong password is said without being shown.", async () => {
  const onAuth: NonNullable<ConstructorParameters<typeof MailServer>[0]>["onAuth"] = (auth, _, done) =>
    auth.password === "s3cret/" ? done(null, { user: "mall" }) : done(reply(535));
  await restart({ authOptional: false, allowInsecureAuth: true, onAuth });
  const login = (password: string) =>
    smtpMailer(server.url.replace("//", `//mall:${password}@`)).prepare(letter, never);
  expect(await (await login("s3cret%2F")).finish()).toEqual({ state: "sent" });
  const failed = await login("wr0ng").catch(String);
  expect(failed).toContain("535");
  expect(failed).not.toMatch(/wr0ng|d3IwbmcK?/);
});

it.each(["", "localhost:25", "http://localhost", "smtp://", "smtp:localhost"])(
  "%j is not the address of a mail server.",
  (url) => {
    expect(() => smtpMailer(url)).toThrow("SMTP_URL must look like smtp://user:password@host:port.");
  },
);

it.each(["", "The Mall", "a@b, c@d", "The Mall <mall>"])("%j is not a sender.", (from) => {
  expect(() => smtpMailer("smtp://localhost", { from })).toThrow("MALL_MAIL_FROM must look like");
});
