import { type Operation, operationId, startOperation } from "@tidings/postgres/internal";
import { createTestDatabase, startTestHost, type TestHost, until } from "@tidings/testing";
import { pino } from "pino";
import { afterEach, expect, it } from "vitest";
import { startApplication } from "./application.ts";
import { connect } from "./connect.ts";
import { defineService } from "./define-service.ts";
import { accepted } from "./http/answer.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(...services: Parameters<typeof startTestHost>): Promise<TestHost> {
  const host = await startTestHost(...services);
  closing.push(() => host.close());
  return host;
}

/** A service whose request waits in the middle of its transaction. */
function heldService() {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const held = { isHeld: false, release };
  const service = defineService("held", {
    migrations: [{ name: "0001", sql: "create table notes (text text)" }],
    http: (app) => {
      app.post("/notes", (request) =>
        request.transaction(async (tx) => {
          await tx.query("insert into notes values ('one')");
          held.isHeld = true;
          await released;
          await tx.query("insert into notes values ('two')");
          return { written: 2 };
        }),
      );
    },
  });
  return { service, held };
}

it("is ready until it is closed, and then not", async () => {
  const { service, held } = heldService();
  const { application, fetch } = await start([service]);
  expect((await fetch("/readyz")).status).toBe(200);
  const answer = fetch("/notes", { method: "POST" });
  await until("the request is under way", () => held.isHeld);
  const closed = application.close();
  expect((await application.app.inject("/readyz")).statusCode).toBe(503);
  held.release();
  expect((await answer).status).toBe(200);
  await closed;
});

it("lets a running request finish however often it is closed, before it lets go of the database", async () => {
  const { service, held } = heldService();
  const { application, fetch } = await start([service]);
  const answer = fetch("/notes", { method: "POST" });
  await until("the request is under way", () => held.isHeld);
  const order: string[] = [];
  const closed = [1, 2].map(() => application.close().then(() => order.push("closed")));
  await until("it takes no new request", () =>
    fetch("/livez").then(
      () => false,
      () => true,
    ),
  );
  held.release();
  const { status } = await answer;
  order.push("answered");
  await Promise.all(closed);
  expect(status).toBe(200);
  expect(order).toEqual(["answered", "closed", "closed"]);
});

it("answers for the operations of all of its services on one route", async () => {
  const starting = (name: string) =>
    defineService(name, {
      http: (app) => {
        app.post(`/${name}`, (request) =>
          request.transaction(async (tx) => accepted(await startOperation(tx, { kind: name, steps: [] }))),
        );
      },
    });
  const { application, fetch } = await start([starting("one"), starting("two")]);
  for (const name of ["one", "two"]) {
    const { id } = await application.host.transaction(name, async (tx) => ({
      id: operationId(await startOperation(tx, { kind: name, steps: ["pay"] })),
    }));
    const answer = await fetch(`/api/operations/${id}`);
    expect([answer.status, ((await answer.json()) as Operation).metadata.kind]).toEqual([200, name]);
  }
  expect((await fetch("/api/operations/0198c2f0-0000-7000-8000-000000000001")).status).toBe(404);
});

it("leaves nothing running when its address is in use", async () => {
  const first = await start([heldService().service]);
  const database = await createTestDatabase();
  closing.push(() => database.drop());
  const port = Number(new URL(first.url).port);
  const again = startApplication([heldService().service], {
    databaseUrl: database.url,
    port,
    log: first.application.host.log as never,
  });
  await expect(again).rejects.toMatchObject({ code: "address-in-use" });
  await whenUnused(database.url);
});

it("leaves nothing running when the routes of a service fail", async () => {
  const database = await createTestDatabase();
  closing.push(() => database.drop());
  const broken = defineService("broken", {
    http: () => {
      throw new Error("No routes today.");
    },
  });
  const log = pino({ level: "silent" });
  await expect(startApplication([broken], { databaseUrl: database.url, port: 0, log })).rejects.toThrow(
    "No routes today.",
  );
  await whenUnused(database.url);
});

/** Waits until nobody else is connected to a database. */
async function whenUnused(url: string): Promise<void> {
  const client = await connect(url, "test");
  closing.push(() => client.end());
  await until("all connections are gone", async () => {
    const { rows } = await client.query(
      "select count(*)::int as count from pg_stat_activity where datname = current_database()",
    );
    return rows[0].count === 1;
  });
}
