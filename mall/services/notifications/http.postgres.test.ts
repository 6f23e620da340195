import { setCaller } from "@mall/common/access";
import { startTestHost, type TestHost } from "@tidings/testing";
import { uuidv7 } from "tidings";
import { afterAll, beforeAll, expect, it } from "vitest";
import { notifications } from "./service.ts";

const [mina, otto] = [uuidv7(), uuidv7()];
let host: TestHost;

beforeAll(async () => {
  host = await startTestHost([notifications()], {
    http: (app) => {
      app.addHook("onRequest", async (request) => {
        const customerId = String(request.headers.caller);
        setCaller(
          request,
          customerId === "operator" ? { roles: ["operator"] } : { roles: ["shopper"], customerId },
        );
      });
    },
  });
  await host.application.host.transaction("notifications", (tx) =>
    tx.query("insert into customers (id) values ($1), ($2)", [mina, otto]),
  );
});
afterAll(() => host?.close());

async function read(customerId: string, caller: string) {
  const answer = await host.fetch(`/api/customers/${customerId}/notifications`, { headers: { caller } });
  return { status: answer.status, body: await answer.json() };
}

it("A shopper reads its own inbox, and an operator everybody's.", async () => {
  const empty = { status: 200, body: { items: [], next: null } };
  expect(await read(mina, mina)).toEqual(empty);
  expect(await read(mina, "operator")).toEqual(empty);
});

it("To a shopper another's inbox is as unknown as nobody's.", async () => {
  const nobody = uuidv7();
  const [others, unknown] = [await read(otto, mina), await read(nobody, mina)];
  expect(others.status).toBe(404);
  const text = (answer: unknown) => JSON.stringify(answer).replaceAll(otto, "id").replaceAll(nobody, "id");
  expect(text(others)).toBe(text(unknown));
  expect((await read(nobody, nobody)).status).toBe(404);
});
