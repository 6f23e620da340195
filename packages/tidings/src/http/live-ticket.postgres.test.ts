import { startTestHost, type TestHost, until } from "@tidings/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startApplication } from "../application.ts";
import { begin, openSocket, shop } from "./live.fixture.ts";
import { LiveTickets } from "./live-ticket.ts";
import { Problem } from "./problem.ts";
import { TestClock } from "./shop.test.fixture.ts";

const clock = new TestClock();
const callers = new WeakMap<object, string>();

/** Access control as an application would write it: credentials in a header, or a ticket. */
const options = {
  clock,
  maySee: (request: object, owner: string | undefined) => callers.get(request) === owner,
  identify: (request: object) => ({ name: callers.get(request) }),
  http: (app: Parameters<NonNullable<NonNullable<Parameters<typeof startApplication>[1]>["http"]>>[0]) => {
    app.addHook("onRequest", async (request) => {
      const identity = request.ticketIdentity() as { name: string } | undefined;
      const name = identity?.name ?? request.headers.authorization;
      if (!name) throw new Problem("unauthorized");
      callers.set(request, name);
    });
  },
};

let host: TestHost;
beforeAll(async () => {
  host = await startTestHost([shop], options);
});
afterAll(() => host.close());

interface Ticket {
  readonly ticket: string;
  readonly expiresAt: string;
}

async function ticketOf(authorization: string): Promise<Ticket> {
  const answer = await host.fetch("/api/live/tickets", { method: "POST", headers: { authorization } });
  const body = (await answer.json()) as Ticket;
  expect([answer.status, answer.headers.get("cache-control")]).toEqual([201, "no-store"]);
  expect(answer.headers.get("location")).toBe(`/api/live?ticket=${body.ticket}`);
  return body;
}

const open = async (url: string, ticket: string) => openSocket(url, { path: `/api/live?ticket=${ticket}` });

test("a ticket opens the WebSocket and an event stream for the one who got it, and nothing else", async () => {
  const id = await begin(host.application, "ann");
  const { ticket } = await ticketOf("ann");
  const [ann, bob] = [await open(host.url, ticket), await open(host.url, (await ticketOf("bob")).ticket)];
  for (const { say } of [ann, bob]) say({ subscribe: [`operations/${id}`] });
  await until("both are answered", () => ann.answers.length + bob.answers.length === 2);
  expect([ann.last()?.name, bob.errors()[0]?.status]).toEqual([`operations/${id}`, 404]);
  expect((await host.fetch(`/api/operations/${id}?ticket=${ticket}`)).status).toBe(200);
  expect((await host.fetch(`/checkout?ticket=${ticket}`, { method: "POST" })).status).toBe(401);
  expect((await host.fetch("/api/live/tickets", { method: "POST" })).status).toBe(401);
  expect((await openSocket(host.url)).refused).toBe(401);
});

test("a ticket is good for a minute, at every process on the database", async () => {
  const { ticket, expiresAt } = await ticketOf("ann");
  expect(Date.parse(expiresAt) - clock.now().getTime()).toBe(60_000);
  const log = host.application.host.log as never;
  const other = await startApplication([shop], { ...options, databaseUrl: host.database.url, port: 0, log });
  clock.advance(59_999);
  expect((await open(other.url, ticket)).refused).toBeUndefined();
  clock.advance(1);
  expect((await open(other.url, ticket)).refused).toBe(401);
  await other.close();
});

test("a ticket that we did not make is refused", () => {
  const tickets = new LiveTickets(Buffer.alloc(32, 1), clock);
  const { ticket } = tickets.issue({ name: "ann" });
  const [content = "", signature = ""] = ticket.split(".");
  const forged = Buffer.from(JSON.stringify({ identity: { name: "bob" }, expires: 9e15 })).toString(
    "base64url",
  );
  const foreign = new LiveTickets(Buffer.alloc(32, 2), clock).issue({ name: "bob" }).ticket;
  expect(tickets.identityOf(ticket)).toEqual({ name: "ann" });
  for (const bad of [
    `${forged}.${signature}`,
    content,
    `${content}.`,
    "",
    ".",
    "a.b.c",
    foreign,
    ["a"],
    undefined,
  ])
    expect(() => tickets.identityOf(bad), String(bad)).toThrow("The ticket is not valid any more");
});
