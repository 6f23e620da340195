import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Given, Then, When } from "@cucumber/cucumber";
import type { Money } from "@mall/common/money";
import { hold, keyOf } from "../support/checking-out.ts";
import { bodyOf } from "../support/client.ts";
import { eventually, eventuallyEqual } from "../support/eventually.ts";
import { invoiceOf, invoicesOf, ledgerOf, payInvoiceOf, readLedger, readPayment } from "../support/paying.ts";
import { known, type Placed, type Shopper, type Story } from "../support/story.ts";

Given<Story>(
  "{shopper} holds {money} on a card {}",
  async function (shopper: Shopper, amount: Money, card: string) {
    bodyOf(await hold(this, shopper, amount, { card }));
  },
);

When<Story>(
  "{shopper} holds {money} under the key {string}",
  async function (shopper: Shopper, amount: Money, key: string) {
    bodyOf(await hold(this, shopper, amount, { key: keyOf(shopper, key) }));
  },
);

When<Story>(
  "{shopper} tries to hold {money} on a card {} under the key {string}",
  async function (shopper: Shopper, amount: Money, card: string, key: string) {
    const { headers } = await hold(this, shopper, amount, { card, key: keyOf(shopper, key) });
    this.retryAfter = headers.get("retry-after");
  },
);

Then<Story>("she/he is asked to come back later", function () {
  ok(Number(this.retryAfter) > 0, `Retry-After is ${this.retryAfter}`);
});

Then<Story>("the card processor has made one hold of {money}", async function (amount: Money) {
  const { holds } = await readLedger(this);
  const same = holds.filter((entry) => entry.amount.amount === amount.amount);
  deepStrictEqual(
    same.map(({ status }) => status),
    ["held"],
  );
});

/** What a shopper says of a payment, and its status. */
const paymentStatuses: Readonly<Record<string, string>> = {
  "can be used for an order": "authorized",
  "belongs to an order": "confirmed",
  "is given back": "released",
  "is declined": "declined",
  "has expired": "expired",
  "is taken": "captured",
};

Then<Story>("{whose} payment {}", async function (shopper: Shopper, sentence: string) {
  const status = known(paymentStatuses[sentence], `payment that ${sentence}`);
  const paymentId = known(shopper.paymentId, "payment");
  await eventuallyEqual(
    `the payment ${paymentId} is ${status}`,
    async () => (await readPayment(this, paymentId)).status,
    status,
  );
});

Then<Story>("{money} is held on {whose} card", async function (amount: Money, shopper: Shopper) {
  await seesOf(this, shopper, [`${amount.amount} held`, []]);
});

Then<Story>("nothing is held on {whose} card any more", async function (shopper: Shopper) {
  const paymentId = known(shopper.paymentId, "payment");
  const { amount } = await readPayment(this, paymentId);
  await seesOf(this, shopper, [`${amount.amount} released`, [`released ${amount.amount}`]]);
});

Then<Story>("nothing was ever held on {whose} card", async function (shopper: Shopper) {
  const { amount } = await readPayment(this, known(shopper.paymentId, "payment"));
  await seesOf(this, shopper, [`${amount.amount} declined`, []]);
});

Then<Story>("{money} is taken from {whose} card, once", async function (amount: Money, shopper: Shopper) {
  const { amount: held } = await readPayment(this, known(shopper.paymentId, "payment"));
  await seesOf(this, shopper, [`${held.amount} captured`, [`captured ${amount.amount}`]]);
});

Then<Story>("nothing is taken from {whose} card", async function (shopper: Shopper) {
  deepStrictEqual((await ledgerOf(this, known(shopper.paymentId, "payment"))).captures, []);
});

Then<Story>("the card processor was asked {count} times for it", async function (times: number) {
  const { paymentId = "" } = this.actor("she");
  strictEqual((await ledgerOf(this, paymentId)).holds[0]?.requests, times);
});

/** Waits until the processor has seen one hold of a payment, and these moves of its amount. */
async function seesOf(story: Story, { paymentId }: Shopper, expected: [hold: string, moves: string[]]) {
  const id = known(paymentId, "payment");
  const look = async (): Promise<[string, string[]]> => {
    const { holds, captures, releases } = await ledgerOf(story, id);
    return [
      holds.map(({ amount, status }) => `${amount.amount} ${status}`).join(", "),
      [
        ...captures.map(({ amount }) => `captured ${amount.amount}`),
        ...releases.map(({ amount }) => `released ${amount.amount}`),
      ],
    ];
  };
  await eventuallyEqual(`the card processor has seen of ${id} ${expected.flat().join(", ")}`, look, expected);
}

Then<Story>(
  "{shopper} gets an invoice of {money} for {order}",
  async function (_: Shopper, amount: Money, order: Placed) {
    const invoice = await invoiceOf(this, order);
    deepStrictEqual([invoice.amount, invoice.status], [amount, "pending"]);
  },
);

Then<Story>("there is no invoice for {order}", async function (order: Placed) {
  const due = (await invoicesOf(this, order)).filter(({ status }) => status !== "cancelled");
  deepStrictEqual(due, []);
});

When<Story>("{shopper} pays the invoice of {order}", async function (_: Shopper, order: Placed) {
  bodyOf(await payInvoiceOf(this, order));
});

When<Story>(
  "{shopper} tries to pay the invoice of {order} again",
  async function (_: Shopper, order: Placed) {
    await payInvoiceOf(this, order);
  },
);

Then<Story>("the invoice of {order} is {word}", async function (order: Placed, status: string) {
  await eventually(`the invoice of ${order.id} is ${status}`, async () => {
    return (await invoiceOf(this, order)).status === status;
  });
});

Then<Story>("nothing of {whose} payment is held for an order", async function ({ paymentId }: Shopper) {
  const id = known(paymentId, "payment");
  await eventually(`the payment ${id} belongs to no order`, async () => {
    const { status } = await readPayment(this, id);
    if (!["authorized", "released"].includes(status)) throw new Error(`it is ${status}`);
    return true;
  });
});

When<Story>(
  "{shopper} tries to pay the invoice of {order} twice at once",
  async function (_: Shopper, order: Placed) {
    const answers = await Promise.all([payInvoiceOf(this, order), payInvoiceOf(this, order)]);
    ok(answers.some(({ status }) => status === 200));
  },
);
