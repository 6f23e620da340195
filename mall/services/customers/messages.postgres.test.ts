import { httpClient } from "@mall/common/http-client";
import { startTestHost, until } from "@tidings/testing";
import { defineService, type Message, on, onReply } from "tidings";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { asOperator } from "../../access.fixture.ts";
import {
  AuthorizeCustomer,
  CustomerDisabled,
  CustomerEnabled,
  CustomerRegistered,
  CustomerSmsNumberChanged,
} from "./contract.ts";
import { customers } from "./service.ts";

const heard = new Map<string, { type: string; data: unknown }>();
const hear = ({ id, type, data }: Message) =>
  void heard.set(id, { type: type.replace("customers.", ""), data });
const replies = new Map<string, unknown>();

/** Stands for whoever needs to know: hears the events, and sends the command when it is asked to over HTTP. */
const asker = defineService("asker", {
  sends: [AuthorizeCustomer],
  reacts: [
    ...[CustomerRegistered, CustomerSmsNumberChanged, CustomerEnabled, CustomerDisabled].map((event) =>
      on(event, hear),
    ),
    onReply(AuthorizeCustomer, ({ causationId, data }) => void replies.set(String(causationId), data)),
  ],
  http: (app) => {
    app.post("/api/ask", { schema: { body: z.object({ customerId: z.string() }) } }, (request) =>
      request.transaction(async (tx) => ({ commandId: tx.send(AuthorizeCustomer, request.body) })),
    );
  },
});

const mina = { name: "Mina", email: "mina@example.com", smsNumber: "+15550100" };
let host: Awaited<ReturnType<typeof startTestHost>>;
let api: ReturnType<typeof httpClient>;

beforeAll(async () => {
  host = await startTestHost([customers, asker], { http: asOperator });
  api = httpClient(host.url);
});
afterAll(() => host?.close());

async function ask(customerId: string) {
  const { commandId } = (await api<{ commandId: string }>("POST /api/ask", { customerId })).body;
  return until("the reply arrives", () => replies.get(commandId));
}

it("Each change of a customer is told once, with exactly its fields, and nothing else is.", async () => {
  const { id } = (await api<{ id: string }>("POST /api/customers", mina)).body;
  expect((await api("POST /api/customers", mina)).status).toBe(409);
  for (const enabled of [true, false, false, true])
    await api(`PUT /api/customers/${id}/enabled`, { enabled });
  for (const smsNumber of ["+1", "+1"]) await api(`PUT /api/customers/${id}/sms-number`, { smsNumber });
  await api(`PUT /api/customers/${id}/enabled`, { enabled: false });

  const disabled = () => [...heard.values()].filter(({ type }) => type === "CustomerDisabled");
  await until("the last change is heard", () => disabled().length === 2);
  expect([...heard.values()]).toEqual([
    { type: "CustomerRegistered", data: { customerId: id, ...mina } },
    { type: "CustomerDisabled", data: { customerId: id } },
    { type: "CustomerEnabled", data: { customerId: id } },
    { type: "CustomerSmsNumberChanged", data: { customerId: id, smsNumber: "+1" } },
    { type: "CustomerDisabled", data: { customerId: id } },
  ]);
});

it("A customer is authorized when known and enabled, else refused with the reason.", async () => {
  const { id } = (await api<{ id: string }>("POST /api/customers", { ...mina, email: "other@example.com" }))
    .body;
  expect(await ask(id)).toEqual({ outcome: "done", result: { customerId: id } });
  await api(`PUT /api/customers/${id}/enabled`, { enabled: false });
  expect(await ask(id)).toMatchObject({ outcome: "refused", rule: "customer-disabled" });
  const unknown = "01981f4a-7c00-7000-8000-0000000000ff";
  expect(await ask(unknown)).toMatchObject({ outcome: "refused", rule: "customer-unknown" });
});
