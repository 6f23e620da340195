import { parseArgs } from "node:util";

/** What `npm run busy` was asked for. */
export interface BusyArguments {
  readonly url: string;
  readonly shoppers: number;
  /** After so many seconds nobody new comes in. */
  readonly durationS: number;
  /** After so many accepted checkouts nobody new comes in. */
  readonly orders: number;
  readonly seed: number;
  readonly json: boolean;
  readonly help: boolean;
}

export const usage = `Lets simulated shoppers into a running Mall, and says how it went.

  npm run busy                                      20 shoppers at a time, for a minute
  npm run busy -- --shoppers 50 --orders 500        until 500 orders are placed
  npm run busy -- --seed 7 --json                   the same choices each time, the summary as JSON

Options
  --shoppers <n>    how many are in the Mall at the same time, 1 to 1000 (20)
  --duration <s>    how many seconds new shoppers come in (60; without end if --orders is given)
  --orders <n>      how many orders are placed, before nobody comes in any more
  --url <address>   where the Mall is (http://127.0.0.1:8080)
  --seed <n>        a whole number from which all choices follow (a random one)
  --json            print the summary as JSON
  -h, --help        print this

A Mall that is not in demo mode wants the token of an operator in MALL_TOKEN.
Ctrl-C ends it early. Exit codes: 0 all went as it should, 1 something did not, 2 wrong usage, 130 Ctrl-C.`;

const options = {
  shoppers: { type: "string" },
  duration: { type: "string" },
  orders: { type: "string" },
  url: { type: "string" },
  seed: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** @returns the arguments, or one sentence that says what is wrong with them */
export function readArguments(args: readonly string[]): BusyArguments | string {
  try {
    const { values } = parseArgs({ args: [...args], options });
    const url = values.url ?? "http://127.0.0.1:8080";
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ""))
      return `--url must be an address that begins with http:// or https://, not ${url}.`;
    return {
      url,
      shoppers: whole("shoppers", values.shoppers, [1, 1_000]) ?? 20,
      durationS: whole("duration", values.duration, [1, 86_400]) ?? (values.orders ? Infinity : 60),
      orders: whole("orders", values.orders, [1, 1_000_000]) ?? Infinity,
      seed: whole("seed", values.seed, [0, 0xffffffff]) ?? Math.floor(Math.random() * 1_000_000),
      json: values.json ?? false,
      help: values.help ?? false,
    };
  } catch (error) {
    return sentenceOf((error as Error).message);
  }
}

function whole(name: string, text: string | undefined, [least, most]: readonly [number, number]) {
  if (text === undefined) return undefined;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new RangeError(
    `--${name} must be a whole number from ${least} to ${most}, not ${text || "nothing"}.`,
  );
}

/** The first sentence of what Node.js says. */
function sentenceOf(message: string): string {
  const [first = message] = message.split(/(?<=')\. |\n/);
  return first.endsWith(".") ? first : `${first}.`;
}
