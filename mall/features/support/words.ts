import { defineParameterType } from "@cucumber/cucumber";
import { type Money, money } from "@mall/common/money";
import { type Goods, known, type Placed, type Shopper, type Story } from "./story.ts";

const numbers = ["no", "one", "two", "three", "four", "five"];
const person = "she|he|[A-Z][a-z]+";
const owner = "her|his|[A-Z][a-z]+'s";

function nameIn(possessive: string): string {
  return possessive.replace(/'s$/, "");
}

/** `two`, `a`, `12`. */
function numberIn(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  return /^an?$/.test(text) ? 1 : known(numbers.indexOf(text) + 1 || undefined, `number "${text}"`) - 1;
}

/** `two pens and a bell`. */
function goodsIn(text: string): Goods[] {
  return text.split(" and ").map((part) => {
    const [quantity = "", product = ""] = part.split(" ");
    return { quantity: numberIn(quantity), product: product.replace(/s$/, "") };
  });
}

/** `$12.50`. */
export function moneyIn(text: string): Money {
  return money(Math.round(Number(text.replace("$", "")) * 100));
}

defineParameterType({
  name: "shopper",
  regexp: new RegExp(person),
  transformer(this: Story, name: string): Shopper {
    return this.actor(name);
  },
});

defineParameterType({
  name: "whose",
  regexp: new RegExp(owner),
  transformer(this: Story, name: string): Shopper {
    return this.shopper(nameIn(name));
  },
});

defineParameterType({
  name: "order",
  regexp: new RegExp(`(?:${owner}) (?:first |second )?order`),
  transformer(this: Story, text: string): Placed {
    const [whose = "", which] = text.split(" ");
    const { orders } = this.shopper(nameIn(whose));
    const at = ["first", "second"].indexOf(which ?? "");
    return known(at < 0 ? orders.at(-1) : orders[at], text);
  },
});

const count = `(?:an?|\\d+|${numbers.join("|")})`;

defineParameterType({
  name: "goods",
  regexp: new RegExp(`${count} [a-z]+(?: and ${count} [a-z]+)*`),
  transformer: goodsIn,
});

defineParameterType({
  name: "count",
  regexp: new RegExp(count),
  transformer: numberIn,
});

/** `the odd amount` is one that no other scenario holds. */
defineParameterType({
  name: "money",
  regexp: /\$\d+\.\d\d|the odd amount/,
  transformer(this: Story, text: string): Money {
    return text === "the odd amount" ? this.oddAmount : moneyIn(text);
  },
});
