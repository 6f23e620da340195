import { type Api, httpClient } from "@mall/common/http-client";
import { money } from "@mall/common/money";
import { startTestHost, type TestHost, until } from "@tidings/testing";
import { startApplication } from "tidings";
import { afterAll, beforeAll, expect, it } from "vitest";
import { processor } from "./service.ts";

interface LedgerBody {
  readonly holds: readonly { reference: string; amount: unknown; status: string; requests: number }[];
  readonly captures: readonly { reference: string; amount: unknown }[];
  readonly releases: readonly { reference: string; amount: unknown }[];
}

let host: TestHost;
let api: Api;
beforeAll(async () => {
  host = await startTestHost([processor()]);
  api = httpClient(host.url);
});
afterAll(() => host?.close());

const amount = money(2598);
const hold = (reference: string, token: string) =>
  api<object>("POST /processor/holds", { reference, amount, token });
const capture = (reference: string, key: string, amount = money(2598)) =>
  api("POST /processor/captures", { reference, amount }, { "idempotency-key": key });
const release = (reference: string, key: string) =>
  api("POST /processor/releases", { reference }, { "idempotency-key": key });

/** What the ledger says about one reference. */
async function entriesOf(reference: string, from: Api = api) {
  const { body } = await from<LedgerBody>("GET /processor/ledger");
  const mine = (entry: { reference: string }) => entry.reference === reference;
  const { holds, captures, releases } = body;
  return {
    holds: holds.filter(mine).map(({ status, requests }) => `${status} after ${requests}`),
    captures: captures.filter(mine).length,
    releases: releases.filter(mine).length,
  };
}

it.each([
  ["tok_ok", { status: "held" }],
  ["tok_declined", { status: "declined", reason: "card-declined" }],
  ["tok_insufficient_funds", { status: "declined", reason: "insufficient-funds" }],
  ["tok_of_nobody", { status: "declined", reason: "unknown-card" }],
])("%s is answered alike however often it is asked, and makes one entry.", async (token, answer) => {
  for (const _ of [1, 2]) {
    expect(await hold(token, token)).toMatchObject({ status: 200, body: { reference: token, ...answer } });
  }
  expect(await entriesOf(token)).toEqual({
    holds: [`${answer.status} after 2`],
    captures: 0,
    releases: 0,
  });
});

it("tok_flaky fails at its first request for a reference, and is held at the second.", async () => {
  expect((await hold("flaky", "tok_flaky")).status).toBe(500);
  expect((await entriesOf("flaky")).holds).toEqual(["failed after 1"]);
  expect(await hold("flaky", "tok_flaky")).toMatchObject({ status: 200, body: { status: "held" } });
  expect((await hold("flaky", "tok_flaky")).status).toBe(200);
  expect((await entriesOf("flaky")).holds).toEqual(["held after 3"]);
});

it("tok_timeout is written down and never answered.", async () => {
  const waiting = new AbortController();
  const body = JSON.stringify({ reference: "silent", amount, token: "tok_timeout" });
  const answered = fetch(`${host.url}/processor/holds`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    signal: waiting.signal,
  });
  await until("it is written down", async () => (await entriesOf("silent")).holds[0] === "held after 1");
  waiting.abort();
  await expect(answered).rejects.toThrow("aborted");
});

it("A capture happens once for a key, and takes no more than is held.", async () => {
  await hold("captured", "tok_ok");
  expect((await capture("captured", "k0", money(2599))).status).toBe(409);
  const statuses = await Promise.all([1, 2, 3, 4].map(() => capture("captured", "k1")));
  expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect((await capture("captured", "k2")).status).toBe(409);
  expect((await release("captured", "k3")).status).toBe(409);
  expect(await entriesOf("captured")).toEqual({ holds: ["captured after 1"], captures: 1, releases: 0 });
});

it("A release happens once, and nothing can be captured after it.", async () => {
  await hold("released", "tok_ok");
  const statuses = await Promise.all(["r1", "r1", "r2"].map((key) => release("released", key)));
  expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await capture("released", "k1")).status).toBe(409);
  expect(await entriesOf("released")).toEqual({ holds: ["released after 1"], captures: 0, releases: 1 });
});

it("A hold that arrives after its release is declined.", async () => {
  expect((await release("late", "r1")).status).toBe(200);
  expect(await entriesOf("late")).toEqual({ holds: [], captures: 0, releases: 0 });
  expect(await hold("late", "tok_ok")).toMatchObject({
    body: { status: "declined", reason: "hold-released" },
  });
  expect(await entriesOf("late")).toEqual({ holds: ["void after 1"], captures: 0, releases: 0 });
});

it("The ledger survives a restart, and a silent request does not keep the server from closing.", async () => {
  const start = () =>
    startApplication([processor()], {
      databaseUrl: host.database.url,
      port: 0,
      log: host.application.app.log,
    });
  const first = await start();
  const cut = httpClient(first.url)("POST /processor/holds", {
    reference: "restart",
    amount,
    token: "tok_timeout",
  });
  cut.catch(() => {});
  await until("it waits", async () => (await entriesOf("restart")).holds.length === 1);
  const started = performance.now();
  await first.close();
  expect(
    performance.now() - started,
    "closing cuts silent requests before the ten seconds of the drain",
  ).toBeLessThan(8_000);
  await expect(cut).rejects.toThrow("fetch failed");
  const second = await start();
  expect((await entriesOf("restart", httpClient(second.url))).holds).toEqual(["held after 1"]);
  await second.close();
});
