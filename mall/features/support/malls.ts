import { AfterAll, BeforeAll, setDefaultTimeout } from "@cucumber/cucumber";
import { RunningMall } from "./running-mall.ts";

/** Longer than every wait of a step, so that the wait says what it waited for. */
setDefaultTimeout(90_000);

/** How long an unused hold lasts where {@link mallWithShortHolds} is open. */
const shortHoldSeconds = 4;

const opened = new Set<RunningMall>();
let common: Promise<string> | undefined;
let withShortHolds: Promise<string> | undefined;

/** The address of the Mall that the scenarios share: the one that `MALL_URL` names, which must have no bots, or our own. */
export function sharedMall(): Promise<string> {
  common ??= process.env.MALL_URL ? Promise.resolve(process.env.MALL_URL) : open();
  return common;
}

/** The address of a Mall where holds on cards expire soon, or undefined when `MALL_URL` names the Mall to look at. */
export async function mallWithShortHolds(): Promise<string | undefined> {
  if (process.env.MALL_URL) return undefined;
  withShortHolds ??= open({ MALL_HOLD_EXPIRES: `${shortHoldSeconds}s` });
  return withShortHolds;
}

function open(settings: Readonly<Record<string, string>> = {}): Promise<string> {
  const mall = new RunningMall(settings);
  opened.add(mall);
  return mall.whenOpen();
}

async function closeAll(): Promise<void> {
  await Promise.all([...opened].map((mall) => mall.close()));
  for (const mall of opened)
    if (mall.complaints)
      console.log(`\nThe Mall has logged (cards that do not answer are meant to):\n${mall.complaints}`);
  opened.clear();
}

async function closeAndGo(signal: "SIGINT" | "SIGTERM" | "SIGHUP"): Promise<void> {
  await closeAll();
  process.kill(process.pid, signal);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, () => void closeAndGo(signal));

BeforeAll(async () => void (await sharedMall()));
AfterAll(closeAll);
