import { uuidv7 } from "@tidings/core";
import { completeOperation, type Operation, reportStep } from "@tidings/postgres/internal";
import { createTestDatabase, startTestHost, type TestHost, until } from "@tidings/testing";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { startApplication } from "../application.ts";
import { begin, followEvents, openSocket, shop } from "./live.fixture.ts";

let host: TestHost;
beforeAll(async () => {
  host = await startTestHost([shop]);
});
afterAll(() => host.close());

test("polling, waiting, an event stream and a WebSocket tell the same of one operation, through its life", async () => {
  const { application, url } = host;
  const id = await begin(application);
  const poll = async () => (await (await fetch(`${url}/api/operations/${id}`)).json()) as Operation;
  const events = followEvents(url, id);
  const socket = await openSocket(url);
  socket.say({ subscribe: [`operations/${id}`] });
  const waiting = fetch(`${url}/api/operations/${id}`, { headers: { prefer: "wait=20" } });
  const states: Operation[] = [];
  const allSayTheSame = async () => {
    const polled = await poll();
    states.push(polled);
    await until("all have heard", () =>
      [events.last(), socket.last()].every((heard) => JSON.stringify(heard) === JSON.stringify(polled)),
    );
  };
  await allSayTheSame();
  for (const step of ["reserve", "pay"]) {
    await application.host.transaction("shop", (tx) => reportStep(tx, id, step, "done"));
    await allSayTheSame();
  }
  await application.host.transaction("shop", (tx) => completeOperation(tx, id, { orderId: "o1" }));
  await allSayTheSame();
  expect(await (await waiting).json()).toEqual(states.at(-1));
  const told = events.heard.map(({ name, id, data }) => ({ name, id, data }));
  expect(told.map(({ data }) => data)).toEqual([...states, states.at(-1)]);
  expect(told.map(({ name, id }) => [name, id])).toEqual([
    ["message", "1"],
    ["message", "2"],
    ["message", "3"],
    ["message", "4"],
    ["done", "4"],
  ]);
  expect(socket.answers.map(({ data }) => data)).toEqual(states);
  await until("the stream is over", () => events.source.readyState === events.source.CLOSED);
});

test("they survive a restart of the server in the middle, and go on where they were", async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const log = host.application.host.log as never;
  const first = await startApplication([shop], { databaseUrl: database.url, port: 0, log });
  const { url } = first;
  const id = await begin(first);
  const events = followEvents(url, id);
  const socket = await openSocket(url);
  socket.say({ subscribe: [`operations/${id}`] });
  const waiting = fetch(`${url}/api/operations/${id}`, { headers: { prefer: "wait=20" } });
  await until("both know how it stands", () => events.heard.length === 1 && socket.answers.length === 1);
  await first.close();
  expect([socket.closed.code, ((await (await waiting).json()) as Operation).done]).toEqual([1001, false]);

  const port = Number(new URL(url).port);
  const second = await startApplication([shop], { databaseUrl: database.url, port, log });
  onTestFinished(() => second.close());
  const again = await openSocket(url);
  again.say({ subscribe: [`operations/${id}`] });
  await until("the event source is back", () => events.source.readyState === events.source.OPEN);
  await second.host.transaction("shop", (tx) => completeOperation(tx, id, { orderId: "o1" }));
  const answer = await fetch(`${url}/api/operations/${id}`, { headers: { prefer: "wait=20" } });
  const done = (await answer.json()) as Operation;
  await until("all have heard", () => again.last()?.done && events.heard.length === 3);
  expect(events.heard.map(({ name, id, data }) => [name, id, data.done])).toEqual([
    ["message", "1", false],
    ["message", "2", true],
    ["done", "2", true],
  ]);
  expect([done.done, again.last(), events.last()]).toEqual([true, done, done]);
});

test("an operation that is done while a client is away is told to it when it comes back", async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const log = host.application.host.log as never;
  const first = await startApplication([shop], { databaseUrl: database.url, port: 0, log });
  const id = await begin(first);
  const events = followEvents(first.url, id);
  await until("it knows how it stands", () => events.heard.length === 1);
  await first.host.transaction("shop", (tx) => reportStep(tx, id, "reserve", "done"));
  const closed = first.close();
  await closed;
  const port = Number(new URL(first.url).port);
  const second = await startApplication([shop], { databaseUrl: database.url, port, log });
  onTestFinished(() => second.close());
  await second.host.transaction("shop", (tx) => completeOperation(tx, id, {}));
  await until("it is told", () => events.heard.at(-1)?.name === "done");
  await until("it comes back no more", () => events.source.readyState === events.source.CLOSED);
});

test("whoever waits hears of a commit of this process long before the next round", async () => {
  const { application, url } = host;
  const times: number[] = [];
  for (let n = 0; n < 11; n++) {
    const id = await begin(application);
    const socket = await openSocket(url);
    socket.say({ subscribe: [`operations/${id}`] });
    await until("the snapshot", () => socket.answers.length === 1);
    await fetch(`${url}/finish/${id}`, { method: "POST" });
    const began = performance.now();
    await until("the end", () => socket.last()?.done, { interval: 1 });
    times.push(performance.now() - began);
    socket.socket.close();
  }
  expect(times.sort((a, b) => a - b)[5]).toBeLessThan(100);
});

test("things that a service offers are followed like operations, also from before they exist", async () => {
  const id = uuidv7();
  const socket = await openSocket(host.url);
  socket.say({ subscribe: [`things/${id}`] });
  await fetch(`${host.url}/things/${id}`, { method: "PUT" });
  await until("the first state", () => socket.last()?.name === "first");
  await fetch(`${host.url}/things/${id}`, { method: "PUT" });
  await until("the next state", () => socket.last()?.name === "renamed");
  socket.say({ subscribe: [`things/${id.toUpperCase()}`] });
  await until("the state again", () => socket.answers.length === 3);
  expect(socket.answers.map(({ topic, data }) => [topic, data.name])).toEqual([
    [`things/${id}`, "first"],
    [`things/${id}`, "renamed"],
    [`things/${id}`, "renamed"],
  ]);
});

test("who has left a topic hears no more of it", async () => {
  const [left, kept] = [await begin(host.application), await begin(host.application)];
  const socket = await openSocket(host.url);
  socket.say({ subscribe: [`operations/${left}`, `operations/${kept}`] });
  await until("both snapshots", () => socket.answers.length === 2);
  socket.say({ unsubscribe: [`operations/${left}`] });
  await fetch(`${host.url}/finish/${left}`, { method: "POST" });
  await fetch(`${host.url}/finish/${kept}`, { method: "POST" });
  await until("the end of the other", () => socket.last()?.done);
  expect(socket.answers.filter(({ data }) => data.done).map(({ topic }) => topic)).toEqual([
    `operations/${kept}`,
  ]);
});
