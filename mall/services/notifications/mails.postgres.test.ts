import { until } from "@tidings/testing";
import { type MessageOf, uuidv7 } from "tidings";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sendMail } from "./commands/send-mail.ts";
import type { SendMail } from "./contract.ts";
import { smtpMailer } from "./mailer-smtp.ts";
import { ids, Post } from "./mails.fixture.ts";
import { notifications } from "./service.ts";
import { reply } from "./smtp-server.fixture.ts";

let post: Post;
beforeEach(async () => {
  post = await Post.open();
});
afterEach(() => post.close());

function messageIds(): string[] {
  return post.server.accepted.map(({ content }) => /^Message-ID: <(.+)>\r$/m.exec(content)?.[1] ?? "");
}

it("What is told is in the inbox and in the mail, once, though the event is told twice.", async () => {
  await post.start();
  const customerId = await post.register();
  const orderId = uuidv7();
  await post.place(customerId, [orderId]);
  expect(await post.whenSettled(1)).toEqual(["sent"]);
  await post.assign(orderId);
  await post.assign(orderId);
  expect(await post.whenSettled(2)).toEqual(["sent", "sent"]);
  await post.whenHandled();
  expect(await post.inbox(customerId)).toEqual(["placed", "collecting"]);
  expect(post.server.accepted.map(({ to }) => to)).toEqual([["mina@example.com"], ["mina@example.com"]]);
  const notified = (await post.notes()).map(({ notification_id }) => `${notification_id}@localhost`);
  expect(messageIds().toSorted()).toEqual(notified);
  expect(post.server.accepted[0]?.content).toContain("We have received your order over $25.98.");
  expect(post.warnings).toEqual([]);
});

it("An order that is collected before anybody has told whose it is waits until that is known.", async () => {
  await post.start();
  const customerId = await post.register();
  const orderId = uuidv7();
  await post.assign(orderId);
  await until("it is parked", async () => {
    const { rows } = await post.pool.query("select state from notifications.tidings_parked");
    return rows[0]?.state === "retrying";
  });
  await post.place(customerId, [orderId]);
  await until("both are told", async () => (await post.inbox(customerId)).length === 2);
  expect((await post.inbox(customerId)).toSorted()).toEqual(["collecting", "placed"]);
});

it("A mail waits until its customer is known; that of a customer without an address is skipped.", async () => {
  await post.start();
  const unknown = uuidv7();
  await post.place(unknown);
  await until("it is parked", async () => {
    const { rows } = await post.pool.query("select state from notifications.tidings_parked");
    return rows[0]?.state === "retrying";
  });
  expect(await post.inbox(unknown)).toEqual(["placed"]);
  await post.pool.query("insert into notifications.customers (id) values ($1)", [unknown]);
  expect(await post.whenSettled(1)).toEqual(["skipped"]);
  expect(post.server.connections).toBe(0);
});

it("A mail that is put off is sent when the server takes it, once; the customer's others do not wait.", async () => {
  post.server.answer = (mail) => {
    const [first] = post.server.received;
    if (mail.content === first?.content && post.server.accepted.length < 2) throw reply(451);
  };
  await post.start();
  await post.place(await post.register(), ids(3));
  expect(await post.whenSettled(3)).toEqual(["sent", "sent", "sent"]);
  await post.whenHandled();
  expect(new Set(messageIds()).size).toBe(3);
  expect(post.server.accepted).toHaveLength(3);
});

it("A mail that is refused is not sent again, and keeps no other waiting.", async () => {
  post.server.answer = ({ to }) => {
    if (to[0] === "gone@example.com") throw reply(554);
  };
  await post.start();
  await post.place(await post.register("gone@example.com"));
  await post.place(await post.register());
  expect((await post.whenSettled(2)).toSorted()).toEqual(["refused", "sent"]);
  await post.whenHandled();
  expect((await post.notes()).map(({ reply_code }) => reply_code).toSorted()).toEqual([554, null]);
  expect(post.server.received).toHaveLength(2);
});

it("A mail is sent once the server is up; the inbox does not wait for that.", async () => {
  await post.server.stop();
  await post.start();
  const customerId = await post.register();
  await post.place(customerId);
  await until("it is in the inbox", async () => (await post.inbox(customerId)).length === 1);
  await until("it was tried", async () => {
    const { rows } = await post.pool.query("select attempts, error from notifications.tidings_parked");
    return rows[0]?.attempts >= 1 && JSON.stringify(rows[0].error).includes("ECONNREFUSED");
  });
  await post.server.start();
  expect(await post.whenSettled(1)).toEqual(["sent"]);
  expect(post.server.accepted).toHaveLength(1);
});

it("A connection that breaks after the end of a mail leaves it uncertain: it is not sent again.", async () => {
  post.server.answer = async () => {
    await post.server.stop();
    await post.server.start();
  };
  await post.start();
  await post.place(await post.register());
  expect(await post.whenSettled(1)).toEqual(["uncertain"]);
  await post.whenHandled();
  expect(post.server.received).toHaveLength(1);
  const [note] = await post.notes();
  expect(post.warnings).toEqual([{ notificationId: note?.notification_id }]);
});

it("A server that answers after the handler's time is up is heard all the same, and asked once.", async () => {
  const asked = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  post.server.answer = () => {
    asked.resolve();
    return answered.promise;
  };
  const service = { ...post.service(), subscription: { handlerTimeoutMs: 300, retry: { minDelayMs: 20 } } };
  await post.start(service);
  await post.place(await post.register());
  await asked.promise;
  await until("another attempt has failed", async () => {
    const { rows } = await post.pool.query("select attempts from notifications.tidings_parked");
    return rows[0]?.attempts >= 2;
  });
  expect((await post.notes()).map(({ state }) => state)).toEqual(["sending"]);
  answered.resolve();
  expect(await post.whenSettled(1)).toEqual(["sent"]);
  await post.whenHandled();
  expect(post.server.received).toHaveLength(1);
});

it("Two processes that send many mails send each once.", { timeout: 60_000 }, async () => {
  const customerId = await post.register();
  await Promise.all([post.start(), post.start()]);
  await post.place(customerId, ids(150));
  expect(new Set(await post.whenSettled(150))).toEqual(new Set(["sent"]));
  await post.whenHandled();
  expect(new Set(messageIds()).size).toBe(150);
  expect(post.server.received).toHaveLength(150);
});

it("What was told while there was no mail is not mailed later; what waits when mail is given up is skipped.", async () => {
  const silent = await post.start(notifications());
  const customerId = await post.register();
  await post.place(customerId);
  await until("it is in the inbox", async () => (await post.inbox(customerId)).length === 1);
  await silent.close();
  await post.server.stop();
  const mailing = await post.start();
  await post.place(customerId);
  await until("it waits", async () => (await post.notes()).length === 1);
  await mailing.close();
  await post.start(notifications());
  expect(await post.whenSettled(1)).toEqual(["skipped"]);
  expect(await post.inbox(customerId)).toEqual(["placed", "placed"]);
});

it("A mail that is handled by several at the same time is sent by one.", async () => {
  const host = await post.start(notifications());
  const customerId = await post.register();
  await post.place(customerId);
  await until("it is in the inbox", async () => (await post.inbox(customerId)).length === 1);
  const { rows } = await post.pool.query(
    "insert into notifications.mails select id from notifications.notifications returning notification_id",
  );
  const command = { data: { notificationId: rows[0].notification_id } } as MessageOf<typeof SendMail>;
  const handle = sendMail(smtpMailer(post.server.url), { warn() {} });
  const attempts = Array.from({ length: 6 }, () =>
    host.transaction("notifications", (tx) => handle(command, tx)),
  );
  const outcomes = await Promise.allSettled(attempts);
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(await post.whenSettled(1)).toEqual(["sent"]);
  expect(post.server.received).toHaveLength(1);
});
