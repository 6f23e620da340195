import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Then, When } from "@cucumber/cucumber";
import type { ApiAnswer } from "@mall/common/http-client";
import type { Money } from "@mall/common/money";
import { addOrder, checkOut, hold, keyOf, mustCheckOut, nobodysPayment } from "../support/checking-out.ts";
import { bodyOf, readAll } from "../support/client.ts";
import type { FoundOrder, Operation } from "../support/resources.ts";
import { known, type Shopper, type Story } from "../support/story.ts";

When<Story>("{shopper} checks out with a card {}", async function (shopper: Shopper, card: string) {
  const { total } = await this.basketOf(shopper);
  bodyOf(await hold(this, shopper, total, { card }));
  await mustCheckOut(this, shopper);
});

When<Story>("{shopper} checks out with a hold of {money}", async function (shopper: Shopper, amount: Money) {
  bodyOf(await hold(this, shopper, amount));
  await mustCheckOut(this, shopper);
});

When<Story>("{shopper} checks out with {whose} payment", async function (shopper: Shopper, owner: Shopper) {
  await mustCheckOut(this, shopper, { paymentId: known(owner.paymentId, "payment") });
});

When<Story>("{shopper} checks out with a payment that nobody has", async function (shopper: Shopper) {
  await mustCheckOut(this, shopper, { paymentId: nobodysPayment });
});

When<Story>("{shopper} checks out at the new price", async function (shopper: Shopper) {
  await mustCheckOut(this, shopper, { acceptPriceChanges: true });
});

When<Story>("{shopper} tries to check out( again)", async function (shopper: Shopper) {
  await checkOut(this, shopper, { paymentId: shopper.paymentId ?? nobodysPayment });
});

When<Story>("{shopper} checks out under the key {string}", async function (shopper: Shopper, key: string) {
  await mustCheckOut(this, shopper, { key: keyOf(shopper, key) });
});

When<Story>(
  "{shopper} tries to check out with another payment under the key {string}",
  async function (shopper: Shopper, key: string) {
    await checkOut(this, shopper, { paymentId: nobodysPayment, key: keyOf(shopper, key) });
  },
);

Then<Story>("{shopper} has one order only", async function ({ id, orders }: Shopper) {
  const found = await readAll<FoundOrder>(this.api, `/api/search/orders?customerId=${id}`);
  deepStrictEqual(
    found.map((order) => order.id),
    orders.map((order) => order.id),
  );
  strictEqual(orders.length, 1);
});

When<Story>("{shopper} tries to check out twice at once", async function (shopper: Shopper) {
  const { paymentId } = shopper;
  const route = `POST /api/baskets/${shopper.basketId}/checkout` as const;
  const check = () => this.api<Operation>(route, { paymentId });
  this.answers = await Promise.all([check(), check()]);
  for (const { status, body } of this.answers as ApiAnswer<Operation>[])
    if (status === 202) addOrder(shopper, body, known(paymentId, "payment"));
});
