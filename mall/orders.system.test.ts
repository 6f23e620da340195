import type { Api } from "@mall/common/http-client";
import { money } from "@mall/common/money";
import {
  AbandonCancellation,
  ApproveOrder,
  BeginCancellation,
  ConfirmCancellation,
  RejectOrder,
} from "@mall/ordering/contract";
import { until } from "@tidings/testing";
import { defineService, onReply, type ReplyOf } from "tidings";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { checkOut, fillBasket, problemOf, startMall, unknownId } from "./mall.fixture.ts";

const commands = { ApproveOrder, RejectOrder, BeginCancellation, ConfirmCancellation, AbandonCancellation };
const replies = new Map<string, unknown>();
const keep = (reply: ReplyOf<typeof ApproveOrder>) => void replies.set(String(reply.causationId), reply.data);

/** Stands for the checkout's sagas: sends the command that it is told over HTTP, and keeps the reply. */
const sender = defineService("sender", {
  sends: Object.values(commands),
  reacts: Object.values(commands).map((command) => onReply(command as typeof ApproveOrder, keep)),
  http: (app) => {
    const body = z.object({ name: z.string(), data: z.looseObject({}) });
    app.post("/api/send", { schema: { body } }, (request) =>
      request.transaction(async (tx) => {
        const command = commands[request.body.name as keyof typeof commands] as typeof BeginCancellation;
        return { commandId: tx.send(command, request.body.data as { orderId: string }) };
      }),
    );
  },
});

const shoppingListId = "01981f4a-7c00-7000-8000-0000000000aa";
let mall: Awaited<ReturnType<typeof startMall>>;
let api: Api;

beforeAll(async () => {
  mall = await startMall({ more: [sender], without: ["checkout"] });
  api = mall.api;
});
afterAll(() => mall?.close());

async function send(name: keyof typeof commands, data: object) {
  const { commandId } = (await api<{ commandId: string }>("POST /api/send", { name, data })).body;
  return until(`${name} is answered`, () => replies.get(commandId));
}

async function placeOrder() {
  const { basketId, customerId } = await fillBasket(api);
  const { orderId } = (await checkOut(api, basketId)).body.metadata;
  await readOrder(orderId);
  return { orderId, customerId };
}

async function readOrder(orderId: string) {
  return (await api<{ status: string }>(`GET /api/orders/${orderId}`)).body;
}

interface Entry {
  readonly version: number;
  readonly type: string;
  readonly data: { readonly cancellationId?: string };
  readonly at: string;
  readonly causedBy: object;
}

function readHistory(orderId: string, query = "") {
  return api<{ items: Entry[]; next: string | null }>(`GET /api/orders/${orderId}/history${query}`);
}

async function cancellationOf(orderId: string) {
  const { items } = (await readHistory(orderId)).body;
  return items.findLast(({ type }) => type === "OrderCancellationRequested")?.data.cancellationId;
}

async function kindsTold(customerId: string) {
  const route = `GET /api/customers/${customerId}/notifications` as const;
  return (await api<{ items: { kind: string; text: string }[] }>(route)).body.items;
}

const done = (orderId: string) => ({ outcome: "done", result: { orderId } });

describe("an order", () => {
  it("is approved, also when the command is repeated", async () => {
    const { orderId, customerId } = await placeOrder();
    expect(await send("ApproveOrder", { orderId, shoppingListId })).toEqual(done(orderId));
    expect(await send("ApproveOrder", { orderId, shoppingListId })).toEqual(done(orderId));
    expect(await readOrder(orderId)).toMatchObject({ status: "approved", shoppingListId });
    expect((await readHistory(orderId)).body.items).toHaveLength(2);
    await until("the shopper is told", async () => (await kindsTold(customerId)).length === 2);
    expect((await kindsTold(customerId)).map(({ kind }) => kind)).toEqual(["approved", "placed"]);
    expect(await send("RejectOrder", { orderId, reason: "timed-out" })).toMatchObject({
      outcome: "refused",
      rule: "order-is-not-pending",
    });
  });

  it("is rejected with a reason that is kept, shown and told", async () => {
    const { orderId, customerId } = await placeOrder();
    expect(await send("RejectOrder", { orderId, reason: "payment-declined" })).toEqual(done(orderId));
    expect(await readOrder(orderId)).toMatchObject({
      status: "rejected",
      rejectionReason: "payment-declined",
    });
    const [told] = await until("the shopper is told", async () => {
      const all = await kindsTold(customerId);
      return all.length === 2 && all;
    });
    expect(told).toMatchObject({
      kind: "rejected",
      text: expect.stringContaining("the payment was declined"),
    });
    expect(await send("ApproveOrder", { orderId, shoppingListId })).toMatchObject({
      rule: "order-is-not-pending",
    });
    expect(await send("BeginCancellation", { orderId })).toMatchObject({ rule: "order-cannot-be-cancelled" });
  });

  it("is cancelled through cancelling", async () => {
    const { orderId, customerId } = await placeOrder();
    expect(await send("ConfirmCancellation", { orderId, cancellationId: unknownId })).toMatchObject({
      rule: "order-is-not-cancelling",
    });
    expect(await send("BeginCancellation", { orderId })).toEqual(done(orderId));
    const cancellationId = await cancellationOf(orderId);
    expect(await readOrder(orderId)).toMatchObject({ status: "cancelling" });
    expect(await send("ApproveOrder", { orderId, shoppingListId })).toMatchObject({
      rule: "order-is-not-pending",
    });
    expect(await send("ConfirmCancellation", { orderId, cancellationId })).toEqual(done(orderId));
    expect(await readOrder(orderId)).toMatchObject({ status: "cancelled" });
    await until("the shopper is told", async () => (await kindsTold(customerId))[0]?.kind === "cancelled");
  });

  it("has one cancellation while it is cancelling, however often that is asked for", async () => {
    const { orderId } = await placeOrder();
    const ask = () => api<{ name: string; done: boolean }>(`POST /api/orders/${orderId}/cancel`);
    const answers = [...(await Promise.all([ask(), ask(), ask()])), await ask()];
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    const [name, ...others] = new Set(answers.map(({ body }) => body.name));
    expect(others).toEqual([]);
    const cancellationId = await cancellationOf(orderId);
    expect(name).toBe(`operations/${cancellationId}`);
    expect(await send("ConfirmCancellation", { orderId, cancellationId })).toEqual(done(orderId));
    expect((await api(`GET /api/${name}`)).body).toMatchObject({
      done: true,
      response: { status: "cancelled" },
    });
    expect(problemOf(await ask())).toBe("409 order-cannot-be-cancelled");
  });

  it("goes on as approved when its cancellation is abandoned", async () => {
    const { orderId } = await placeOrder();
    await send("ApproveOrder", { orderId, shoppingListId });
    await send("BeginCancellation", { orderId });
    const abandoned = {
      orderId,
      cancellationId: await cancellationOf(orderId),
      reason: "shopping-has-begun",
    };
    expect(await send("AbandonCancellation", abandoned)).toEqual(done(orderId));
    expect(await readOrder(orderId)).toMatchObject({ status: "approved" });
  });

  it("that does not exist refuses every command", async () => {
    for (const name of Object.keys(commands) as (keyof typeof commands)[]) {
      const data = { orderId: unknownId, cancellationId: unknownId, shoppingListId, reason: "timed-out" };
      expect(await send(name, data)).toMatchObject({ outcome: "refused", rule: "not-found" });
    }
  });

  it("answers its version", async () => {
    const { orderId } = await placeOrder();
    await send("ApproveOrder", { orderId, shoppingListId });
    expect((await api(`GET /api/orders/${orderId}`)).headers.get("etag")).toBe('"2"');
  });

  it("is not found under an unknown or malformed id", async () => {
    for (const id of [unknownId, "42"]) {
      expect(problemOf(await api(`GET /api/orders/${id}`))).toBe("404 not-found");
      expect(problemOf(await readHistory(id))).toBe("404 not-found");
    }
  });
});

describe("the history of an order", () => {
  it("lists what happened in order, with data, time and cause", async () => {
    const { orderId } = await placeOrder();
    await send("ApproveOrder", { orderId, shoppingListId });
    await send("BeginCancellation", { orderId });
    const { items, next } = (await readHistory(orderId)).body;
    expect(next).toBeNull();
    expect(items.map(({ version, type }) => [version, type])).toEqual([
      [1, "OrderPlaced"],
      [2, "OrderApproved"],
      [3, "OrderCancellationRequested"],
    ]);
    expect(items[0]).toMatchObject({ data: { total: money(2598) } });
    expect(items[1]).toMatchObject({ data: { shoppingListId } });
    for (const { at, causedBy } of items) {
      expect(new Date(at).toISOString()).toBe(at);
      expect(causedBy).toMatchObject({ message: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    }
  });

  it("is read page by page", async () => {
    const { orderId } = await placeOrder();
    await send("ApproveOrder", { orderId, shoppingListId });
    await send("BeginCancellation", { orderId });
    const first = (await readHistory(orderId, "?limit=2")).body;
    expect(first.items.map(({ version }) => version)).toEqual([1, 2]);
    const second = (await readHistory(orderId, `?limit=2&cursor=${first.next}`)).body;
    expect(second).toMatchObject({ items: [{ version: 3 }], next: null });
    for (const query of ["?limit=0", "?limit=201", "?cursor=x", `?cursor=${unknownId}`]) {
      expect(problemOf(await readHistory(orderId, query))).toBe("422 validation-failed");
    }
  });
});
