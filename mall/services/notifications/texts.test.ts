import { money } from "@mall/common/money";
import { OrderPlaced, RejectionReason } from "@mall/ordering/contract";
import { describe, expect, it } from "vitest";
import { formatMoney, placedText, readyText, rejectedText } from "./texts.ts";

describe("what a shopper is told", () => {
  it("names the total of a placed order", () => {
    const total = OrderPlaced.example?.total ?? money(0);
    expect(placedText({ total })).toBe("We have received your order over $25.98.");
  });

  it("names the amount due of a ready order", () => {
    expect(readyText({ total: money(100_000) })).toBe("Your order is ready. Please pay $1,000.00.");
  });

  it.each(RejectionReason.options)("says why an order was rejected: %s", (reason) => {
    expect(rejectedText({ reason })).toMatch(/^We cannot carry out your order: \w.+\.$/);
  });

  it("gives a text of its own to each reason", () => {
    expect(new Set(RejectionReason.options.map((reason) => rejectedText({ reason }))).size).toBe(9);
  });
});

describe("an amount of money", () => {
  it.each([
    [{ amount: 1299, currency: "USD" }, "$12.99"],
    [{ amount: 5, currency: "USD" }, "$0.05"],
    [{ amount: 0, currency: "EUR" }, "€0.00"],
    [{ amount: 1299, currency: "JPY" }, "¥1,299"],
    [{ amount: 9_007_199_254_740_991, currency: "USD" }, "$90,071,992,547,409.91"],
  ])("%o is shown as %s", (amount, shown) => {
    expect(formatMoney(amount)).toBe(shown);
  });
});
