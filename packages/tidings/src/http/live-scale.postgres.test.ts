import { defineEvent, on } from "@tidings/core";
import type { Operation } from "@tidings/postgres/internal";
import { startTestHost, type TestHost, until } from "@tidings/testing";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { defineService } from "../define-service.ts";
import { begin, openSocket, shop } from "./live.fixture.ts";

const Sold = defineEvent("till.Sold", { key: "id", schema: z.object({ id: z.string() }) });
const Counted = defineEvent("counter.Counted", { key: "id", schema: z.object({ id: z.string() }) });

let isHeld = true;
const held = async () => until("it may go on", () => !isHeld, { timeout: 20_000 });

const till = defineService("till", {
  publishes: [Sold],
  http: (app) => {
    app.post("/sales", (request) =>
      request.transaction(async (tx) => {
        tx.publish(Sold, { id: "a" });
        return {};
      }),
    );
  },
});
const counter = defineService("counter", {
  publishes: [Counted],
  reacts: [on(Sold, async ({ data }, tx) => tx.publish(Counted, data))],
});
const books = defineService("books", {
  reacts: [on(Sold, held), on(Counted, async () => {})],
  http: (app) => {
    app.get("/books", async () => ({}));
  },
});

let host: TestHost;
beforeEach(async () => {
  isHeld = true;
  host = await startTestHost([shop, till, counter, books]);
});
afterEach(() => {
  isHeld = false;
  return host.close();
});

/** How often this process sends statements, prepared under names that begin so, in a second. */
async function statementsInASecond(...names: string[]): Promise<number> {
  const query = pg.Client.prototype.query;
  let count = 0;
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    const { name = "" } = args[0] as pg.QueryConfig;
    if (names.some((wanted) => name.startsWith(wanted))) count++;
    return (query as (...args: unknown[]) => unknown).apply(this, args);
  } as typeof query;
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  pg.Client.prototype.query = query;
  return count;
}

const thousand = <Result>(work: (n: number) => Promise<Result>) =>
  Promise.all(Array.from({ length: 1_000 }, (_, n) => work(n)));

test("a thousand requests that wait for operations cost as few queries as one", async () => {
  const { application } = host;
  const ids = await thousand(() => begin(application));
  const headers = { prefer: "wait=20" };
  const arriving = statementsInASecond("tidings_operations");
  const answers = thousand((n) => application.app.inject({ url: `/api/operations/${ids[n]}`, headers }));
  expect(await arriving, "while they come").toBeLessThan(50);
  expect(await statementsInASecond("tidings_operations"), "while they wait").toBeLessThan(5);
  await application.host.transaction("shop", (tx) =>
    tx.query("update tidings_operations set done = true, version = version + 1, response = '{}'"),
  );
  expect((await answers).every((answer) => (answer.json() as Operation).done)).toBe(true);
});

test("a thousand requests that wait for a service that is held up cost as few queries as one", async () => {
  const { app } = host.application;
  const { headers } = await app.inject({ method: "POST", url: "/sales" });
  const token = { "consistency-token": String(headers["consistency-token"]) };
  const read = async () => (await app.inject({ url: "/books", headers: token })).statusCode;
  const one = read();
  const forOne = await statementsInASecond("tidings_cursors", "tidings_heads");
  await one;
  const all = thousand(read);
  const forAll = await statementsInASecond("tidings_cursors", "tidings_heads");
  expect(new Set(await all)).toEqual(new Set([503]));
  expect([forOne, forAll].map((count) => count > 0 && count < 60)).toEqual([true, true]);
  isHeld = false;
  expect(await read()).toBe(200);
});

test("hundreds of WebSockets are told of a change by a few queries", async () => {
  const { application, url } = host;
  const id = await begin(application);
  const sockets = await Promise.all(Array.from({ length: 300 }, () => openSocket(url)));
  for (const { say } of sockets) say({ subscribe: [`operations/${id}`] });
  await until("all have the snapshot", () => sockets.every(({ answers }) => answers.length === 1));
  const asked = statementsInASecond("tidings_operations");
  await host.fetch(`/finish/${id}`, { method: "POST" });
  await until("all have the end", () => sockets.every(({ last }) => last()?.done));
  expect(await asked).toBeLessThan(10);
});
