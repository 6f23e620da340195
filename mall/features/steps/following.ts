import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { After, Then, When } from "@cucumber/cucumber";
import { checkOut } from "../support/checking-out.ts";
import { bodyOf } from "../support/client.ts";
import { eventuallyEqual } from "../support/eventually.ts";
import { watchOrder, ways } from "../support/following.ts";
import { rejectionOf } from "../support/refusals.ts";
import type { Operation } from "../support/resources.ts";
import { known, type Placed, type Shopper, type Story } from "../support/story.ts";

When<Story>("{shopper} follows {order} by {}", async function (_: Shopper, order: Placed, way: string) {
  const follow = known(ways[way], `way to follow by ${way}`);
  this.outcomes = [await follow(this, order.operation.name)];
});

When<Story>("{shopper} follows {order} in every way at once", async function (_: Shopper, order: Placed) {
  this.outcomes = await Promise.all(Object.values(ways).map((follow) => follow(this, order.operation.name)));
});

Then<Story>("she/he learns that it is approved", function () {
  for (const { done, error, response } of this.outcomes) {
    deepStrictEqual([done, error], [true, undefined]);
    ok(response);
  }
});

Then<Story>("she/he learns that it is rejected because {}", function (sentence: string) {
  for (const { done, error } of this.outcomes)
    deepStrictEqual([done, error?.rule], [true, rejectionOf(sentence)]);
});

Then<Story>("all of them have told the same", function () {
  strictEqual(this.outcomes.length, Object.keys(ways).length);
  for (const outcome of this.outcomes) deepStrictEqual(outcome, this.outcomes[0]);
});

When<Story>("{shopper} checks out with her/his payment, and waits", async function (shopper: Shopper) {
  await checkOut(this, shopper, { wait: true });
  strictEqual(this.answer.status, 200);
  this.outcomes = [bodyOf(this.answer) as Operation];
});

When<Story>("{shopper} watches {order}", async function (_: Shopper, order: Placed) {
  this.watch = await watchOrder(this.url, order.id);
});

Then<Story>("she/he has seen it become {}", async function (sequence: string) {
  const watch = known(this.watch, "watch on an order");
  const expected = sequence.split(", ");
  await eventuallyEqual(`the WebSocket has told ${sequence}`, async () => watch.statuses.slice(), expected);
});

After<Story>(function () {
  this.watch?.close();
});
