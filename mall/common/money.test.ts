import { describe, expect, it } from "vitest";
import { addMoney, Money, maximumPrice, money, Price, timesMoney } from "./money.ts";

describe("money", () => {
  it("is accepted from nothing up to the largest exact integer, in the mall's currency", () => {
    expect(Money.parse({ amount: 0, currency: "USD" })).toEqual(money(0));
    expect(Money.safeParse(money(Number.MAX_SAFE_INTEGER)).success).toBe(true);
  });

  it.each([
    ["a negative amount", { amount: -1, currency: "USD" }],
    ["a fraction of a minor unit", { amount: 12.5, currency: "USD" }],
    ["an amount that is not exact", { amount: 2 ** 53, currency: "USD" }],
    ["an amount as text", { amount: "1299", currency: "USD" }],
    ["another currency", { amount: 1299, currency: "EUR" }],
    ["the currency in lower case", { amount: 1299, currency: "usd" }],
    ["no currency", { amount: 1299 }],
    ["a bare number", 1299],
  ])("is refused with %s", (_, value) => {
    expect(Money.safeParse(value).success).toBe(false);
  });

  it("keeps nothing but the amount and the currency", () => {
    expect(Money.parse({ ...money(5), tip: 1 })).toEqual(money(5));
  });

  it("adds up and multiplies in minor units", () => {
    expect(addMoney(money(10), money(20))).toEqual(money(30));
    expect(timesMoney(money(1299), 3)).toEqual(money(3897));
  });

  it("does not add up different currencies", () => {
    expect(() => addMoney(money(10), { amount: 10, currency: "EUR" })).toThrow(RangeError);
  });

  it("does not go on with an amount that is not exact any more", () => {
    expect(() => addMoney(money(Number.MAX_SAFE_INTEGER), money(1))).toThrow(RangeError);
    expect(() => timesMoney(money(Number.MAX_SAFE_INTEGER), 2)).toThrow(RangeError);
  });
});

describe("a price", () => {
  it("is so low that 999 units in 900 lines add up exactly", () => {
    expect(Price.safeParse(money(maximumPrice)).success).toBe(true);
    expect(Price.safeParse(money(maximumPrice + 1)).success).toBe(false);
    expect(timesMoney(timesMoney(money(maximumPrice), 999), 900).amount).toBeLessThan(
      Number.MAX_SAFE_INTEGER,
    );
  });
});
