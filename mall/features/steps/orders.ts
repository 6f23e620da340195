import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Given, Then, When } from "@cucumber/cucumber";
import type { Money } from "@mall/common/money";
import { nobodysPayment, placeOrder, readOrder, whenOrderIs } from "../support/checking-out.ts";
import { bodyOf, readAll, verdictOf } from "../support/client.ts";
import { collectAll, takeList, whenListIsAvailable } from "../support/collecting.ts";
import { eventually } from "../support/eventually.ts";
import { payInvoiceOf } from "../support/paying.ts";
import { rejectionOf } from "../support/refusals.ts";
import type { HistoryEntry, Operation } from "../support/resources.ts";
import { type Goods, known, type Placed, type Shopper, type Story } from "../support/story.ts";

Given<Story>("{shopper} orders {goods}", placeOrderOf);
Given<Story>("{shopper} has an approved order of {goods}", approvedOrder);
Given<Story>("{shopper} has a collected order of {goods}", readyOrder);
Given<Story>("{shopper} has a completed order of {goods}", completedOrder);
Given<Story>("{shopper} has a rejected order of {goods}", rejectedOrder);
Given<Story>("{shopper} has a cancelled order of {goods}", cancelledOrder);

async function placeOrderOf(this: Story, shopper: Shopper, goods: Goods[]) {
  return placeOrder(this, shopper, goods);
}

async function approvedOrder(this: Story, shopper: Shopper, goods: Goods[]) {
  const order = await placeOrder(this, shopper, goods);
  await whenOrderIs(this, order, "approved");
  return order;
}

async function readyOrder(this: Story, shopper: Shopper, goods: Goods[]) {
  const order = await placeOrder(this, shopper, goods);
  await whenListIsAvailable(this, order);
  bodyOf(await takeList(this, `${shopper.name}'s bot`, order));
  await collectAll(this, order);
  await whenOrderIs(this, order, "ready");
  return order;
}

async function completedOrder(this: Story, shopper: Shopper, goods: Goods[]) {
  const order = await readyOrder.call(this, shopper, goods);
  bodyOf(await payInvoiceOf(this, order));
  await whenOrderIs(this, order, "completed");
}

async function rejectedOrder(this: Story, shopper: Shopper, goods: Goods[]) {
  const order = await placeOrder(this, shopper, goods, { paymentId: nobodysPayment });
  await whenOrderIs(this, order, "rejected");
}

async function cancelledOrder(this: Story, shopper: Shopper, goods: Goods[]) {
  const order = await approvedOrder.call(this, shopper, goods);
  bodyOf(await cancel(this, order));
  await whenOrderIs(this, order, "cancelled");
}

Then<Story>("{order} is/becomes {word}", async function (order: Placed, status: string) {
  await whenOrderIs(this, order, status);
});

Then<Story>("{order} is rejected because {}", async function (order: Placed, sentence: string) {
  const { rejectionReason } = await whenOrderIs(this, order, "rejected");
  strictEqual(rejectionReason, rejectionOf(sentence));
});

Then<Story>("{order} comes to {money}", async function (order: Placed, total: Money) {
  deepStrictEqual((await readOrder(this, order)).total, total);
});

Then<Story>("{shopper} can look at {order} at once", async function (_: Shopper, order: Placed) {
  strictEqual((await readOrder(this, order)).id, order.id);
});

Then<Story>("the history of {order} reads {string}", async function (order: Placed, sentence: string) {
  const entries = await readAll<HistoryEntry>(this.api, `/api/orders/${order.id}/history`);
  strictEqual(entries.map(({ type }) => inWords(type)).join(", "), sentence);
  deepStrictEqual(
    entries.map(({ version }) => version),
    entries.map((_, at) => at + 1),
  );
});

/** `OrderCancellationRequested` → `cancellation requested`. */
function inWords(type: string): string {
  const words = type.replace(/^Order/, "").split(/(?=[A-Z])/);
  return words.join(" ").toLowerCase();
}

When<Story>("{shopper} cancels {order}", async function (_: Shopper, order: Placed) {
  bodyOf(await cancel(this, order));
});

When<Story>("{shopper} tries to cancel {order}", async function (_: Shopper, order: Placed) {
  await cancel(this, order);
});

When<Story>("{shopper} asks twice at once to cancel {order}", async function (_: Shopper, order: Placed) {
  const [first, second] = await Promise.all([cancel(this, order), cancel(this, order)]);
  // The slower one may find the order cancelled already.
  bodyOf(verdictOf(first) === "202" ? first : second);
});

async function cancel(story: Story, { id }: Placed) {
  const answer = story.tried(await story.api<Operation>(`POST /api/orders/${id}/cancel`));
  if (verdictOf(answer) === "202") story.cancellations.push(answer.body);
  return answer;
}

Then<Story>("there is one cancellation", function () {
  const names = new Set(this.cancellations.map(({ name }) => name));
  strictEqual(names.size, 1);
});

Then<Story>("the cancellation succeeds", async function () {
  const { error } = await whenCancelled(this);
  strictEqual(error, undefined);
});

Then<Story>("the cancellation fails because the order cannot be cancelled any more", async function () {
  const { error } = await whenCancelled(this);
  strictEqual(error?.rule, "order-cannot-be-cancelled");
});

function whenCancelled({ api, cancellations }: Story): Promise<Operation> {
  const { name } = known(cancellations.at(-1), "cancellation");
  return eventually(`the cancellation ${name} is done`, async () => {
    const operation = bodyOf(await api<Operation>(`GET /api/${name}`));
    return operation.done && operation;
  });
}

Then<Story>("the checkout of {order} has ended", async function ({ operation: { name } }: Placed) {
  const { error } = await eventually(`${name} is done`, async () => {
    const operation = bodyOf(await this.api<Operation>(`GET /api/${name}`));
    return operation.done && operation;
  });
  ok(error === undefined || error.rule === "order-cancelled", JSON.stringify(error));
});
