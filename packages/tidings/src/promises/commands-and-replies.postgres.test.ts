import { defineCommand, defineEvent, handles, on, onReply, refuse } from "@tidings/core";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { defineService } from "../define-service.ts";
import { changeSchema } from "./ledger.fixture.ts";
import { Sandbox } from "./sandbox.fixture.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await Sandbox.create();
});
afterEach(() => sandbox.close());

const Book = defineCommand("books.Book", { key: "key", schema: changeSchema, reply: changeSchema });
const Booked = defineEvent("books.Booked", { key: "key", schema: changeSchema });
const Noted = defineEvent("orders.Noted", { key: "key", schema: changeSchema });

/** Books even versions; refuses the odd ones after it has written, scheduled and published them. */
const books = defineService("books", {
  publishes: [Booked],
  accepts: [
    handles(Book, async ({ data }, tx) => {
      await tx.query("insert into bookings (key, version) values ($1, $2)", [data.key, data.version]);
      tx.publish(Booked, data);
      tx.schedule(new Date(0), Booked, data);
      return data.version % 2 === 1 ? refuse("odd-version", "Odd versions are not booked.") : data;
    }),
  ],
  reacts: [on(Noted, (event, tx) => tx.query("insert into notes values ($1)", [event.data.version]))],
  migrations: [
    { name: "0001", sql: "create table bookings (key text, version int); create table notes (version int)" },
  ],
});

/** Keeps the replies to the commands that it sends. */
function sender(name: string, publishes: [typeof Noted] | [] = []) {
  return defineService(name, {
    publishes,
    sends: [Book],
    reacts: [
      onReply(Book, async (reply, tx) => {
        await tx.query("insert into replies (command, data) values ($1, $2)", [
          reply.causationId,
          JSON.stringify(reply.data),
        ]);
      }),
    ],
    migrations: [{ name: "0001", sql: "create table replies (place bigserial, command uuid, data json)" }],
  });
}

async function rowsOf(sql: string): Promise<unknown[]> {
  return (await sandbox.pool.query(sql)).rows;
}

it("rolls back what a refused command wrote, but records its reply, in a batch with others", async () => {
  const sending = await sandbox.host([sender("orders", [Noted])]);
  const ids = await sending.transaction("orders", async (tx) => {
    tx.publish(Noted, { key: "key", version: 1 });
    const sent = [1, 2, 3, 4].map((version) => tx.send(Book, { key: "key", version }));
    tx.publish(Noted, { key: "key", version: 2 });
    return sent;
  });
  await sandbox.host([books]);
  await until(
    "all replies are handled",
    async () => (await rowsOf("select from orders.replies")).length === 4,
  );
  expect(await rowsOf("select version from books.bookings order by version")).toEqual([
    { version: 2 },
    { version: 4 },
  ]);
  const refused = { outcome: "refused", rule: "odd-version", detail: "Odd versions are not booked." };
  const done = (version: number) => ({ outcome: "done", result: { key: "key", version } });
  expect(await rowsOf("select command, data from orders.replies order by place")).toEqual([
    { command: ids[0], data: refused },
    { command: ids[1], data: done(2) },
    { command: ids[2], data: refused },
    { command: ids[3], data: done(4) },
  ]);
  const events = await until("the scheduled events are recorded", async () => {
    const rows = await rowsOf("select data from books.tidings_outbox where kind = 'event' order by position");
    return rows.length === 4 && rows;
  });
  expect(events).toEqual([2, 4, 2, 4].map((version) => ({ data: { key: "key", version } })));
  expect(await rowsOf("select version from books.notes order by version")).toEqual([
    { version: 1 },
    { version: 2 },
  ]);
});

it("gives a reply only to the service that sent the command", async () => {
  const host = await sandbox.host([books, sender("left"), sender("right")]);
  const id = await host.transaction("left", async (tx) => tx.send(Book, { key: "key", version: 2 }));
  await until(
    "the sender has its reply",
    async () => (await rowsOf('select from "left".replies')).length === 1,
  );
  const marker = await host.transaction("right", async (tx) => tx.send(Book, { key: "key", version: 4 }));
  await until("the other has its own", async () => (await rowsOf('select from "right".replies')).length >= 1);
  expect(await rowsOf('select command from "left".replies')).toEqual([{ command: id }]);
  expect(await rowsOf('select command from "right".replies')).toEqual([{ command: marker }]);
});

it("answers each command once although its handler fails after it has written", async () => {
  let failures = 2;
  const [carryOut] = books.accepts;
  const flaky = defineService("books", {
    publishes: [Booked],
    migrations: books.migrations,
    accepts: [
      handles(Book, async (command, tx) => {
        const outcome = await (carryOut as { handle(message: unknown, tx: unknown): Promise<never> }).handle(
          command,
          tx,
        );
        if (failures-- > 0) throw new Error("Fails twice.");
        return outcome;
      }),
    ],
    subscription: { retry: { minDelayMs: 1, maxDelayMs: 5 } },
  });
  const host = await sandbox.host([sender("orders"), flaky]);
  for (const version of [2, 4])
    await host.transaction("orders", async (tx) => tx.send(Book, { key: "key", version }));
  await until(
    "both replies are handled",
    async () => (await rowsOf("select from orders.replies")).length >= 2,
  );
  expect(await rowsOf("select version from books.bookings order by version")).toEqual([
    { version: 2 },
    { version: 4 },
  ]);
  expect(await rowsOf("select from books.tidings_outbox where kind = 'reply'")).toHaveLength(2);
});
