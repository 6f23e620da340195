import { parseArgs } from "node:util";
import { type FaultKind, faultKinds } from "./fault-kinds.ts";

/** What `npm run chaos` was asked for. */
export interface ChaosArguments {
  /** How long there are faults. */
  readonly minutes: number;
  readonly seed: number;
  readonly shoppers: number;
  readonly kinds: readonly FaultKind[];
  /** Whether data and logs are kept, also when all is well. */
  readonly keep: boolean;
  readonly help: boolean;
}

export const usage = `Starts the Mall as separate processes, lets simulated shoppers buy, breaks things meanwhile, and checks that
nothing was lost, doubled or out of order.

  npm run chaos                                   5 minutes, 10 shoppers at a time
  npm run chaos -- --minutes 30 --seed 7          the same faults each time
  npm run chaos -- --kinds pause,cut --keep       these faults alone; data and logs stay

Options
  --minutes <n>     how long things break, 0.1 to 1440 (5)
  --seed <n>        a whole number from which all faults follow (a random one)
  --shoppers <n>    how many are in the Mall at the same time, 1 to 200 (10)
  --kinds <list>    which faults: ${faultKinds.join(",")} (all)
  --keep            keep data and logs, also when all is well
  -h, --help        print this

Exit codes: 0 all is well, 1 something is wrong (data and logs are kept), 2 wrong usage, 130 Ctrl-C.`;

const options = {
  minutes: { type: "string" },
  seed: { type: "string" },
  shoppers: { type: "string" },
  kinds: { type: "string" },
  keep: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** @returns the arguments, or one sentence that says what is wrong with them */
export function readArguments(args: readonly string[]): ChaosArguments | string {
  try {
    const { values } = parseArgs({ args: [...args], options });
    return {
      minutes: minutesOf(values.minutes) ?? 5,
      seed: whole("seed", values.seed, [0, 0xffffffff]) ?? Math.floor(Math.random() * 1_000_000),
      shoppers: whole("shoppers", values.shoppers, [1, 200]) ?? 10,
      kinds: kindsOf(values.kinds) ?? faultKinds,
      keep: values.keep ?? false,
      help: values.help ?? false,
    };
  } catch (error) {
    return firstSentence((error as Error).message);
  }
}

function minutesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0.1 && value <= 1_440) return value;
  throw new RangeError(`--minutes must be a number from 0.1 to 1440, not ${text || "nothing"}.`);
}

function whole(name: string, text: string | undefined, [least, most]: readonly [number, number]) {
  if (text === undefined) return undefined;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new RangeError(
    `--${name} must be a whole number from ${least} to ${most}, not ${text || "nothing"}.`,
  );
}

/** In their usual order, whatever the order in which they were named: so the plan depends on the seed alone. */
function kindsOf(text: string | undefined): readonly FaultKind[] | undefined {
  if (text === undefined) return undefined;
  const named = text.split(",").map((name) => name.trim());
  const unknown = named.find((name) => !(faultKinds as readonly string[]).includes(name));
  if (unknown === undefined) return faultKinds.filter((kind) => named.includes(kind));
  throw new RangeError(`--kinds must be some of ${faultKinds.join(",")}, not ${unknown || "nothing"}.`);
}

/** The first sentence of what Node.js says. */
function firstSentence(message: string): string {
  const [first = message] = message.split(/(?<=')\. |\n/);
  return first.endsWith(".") ? first : `${first}.`;
}
