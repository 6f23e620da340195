import { z } from "zod";

/** The one currency of this mall, from `MALL_CURRENCY`: an ISO 4217 code, `USD` by default. */
export const mallCurrency = process.env.MALL_CURRENCY || "USD";

/** The highest price of one unit, in minor units: 999 units of it, in hundreds of lines, still add up exactly. */
export const maximumPrice = 10_000_000_000;

function moneyUpTo(maximum: number) {
  return z.object({
    amount: z.int("must be a whole number of minor units").min(0, "must not be negative").max(maximum),
    currency: z.literal(mallCurrency, `must be ${mallCurrency}, the currency of this mall`),
  });
}

/** An amount in integer minor units of the mall's currency, from 0 to the largest integer that is exact in JSON. */
export const Money = moneyUpTo(Number.MAX_SAFE_INTEGER).meta({
  examples: [{ amount: 1299, currency: mallCurrency }],
});
export type Money = z.infer<typeof Money>;

/** The price of one unit of a product: from 0 to {@link maximumPrice}. */
export const Price = moneyUpTo(maximumPrice).meta({ examples: [{ amount: 1299, currency: mallCurrency }] });

/** So many minor units of the mall's currency. */
export function money(amount: number): Money {
  return { amount, currency: mallCurrency };
}

/** The sum. @throws RangeError when the currencies differ or the sum is not exact any more */
export function addMoney(left: Money, right: Money): Money {
  if (left.currency !== right.currency)
    throw new RangeError(`${left.currency} and ${right.currency} do not add up.`);
  return exact(left.amount + right.amount, left.currency);
}

/** So many times the amount. @throws RangeError when the product is not an exact integer */
export function timesMoney(value: Money, times: number): Money {
  return exact(value.amount * times, value.currency);
}

function exact(amount: number, currency: string): Money {
  if (!Number.isSafeInteger(amount))
    throw new RangeError("The amount is not an exact number of minor units.");
  return { amount, currency };
}
