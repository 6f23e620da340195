import { once } from "node:events";
import { httpClient } from "@mall/common/http-client";
import { type BusyArguments, readArguments, usage } from "./busy-arguments.ts";
import { showProgress } from "./busy-progress.ts";
import { summaryOf, summaryText } from "./busy-summary.ts";
import type { Place } from "./shopper-client.ts";
import { runCrowd } from "./shopper-crowd.ts";
import { readSpec } from "./shopper-spec.ts";
import { Tally } from "./shopper-tally.ts";

/** So many unexpected things are enough to know that something is wrong. */
const enoughTrouble = 100;

/** Ctrl-C reaches a program twice, from the terminal and from the program that started it: that is one signal. */
const sameSignalMs = 500;

const args = readArguments(process.argv.slice(2));
if (typeof args === "string") end(2, `${args} npm run busy -- --help says more.`);
if (args.help) {
  console.log(usage);
  process.exit(0);
}
const token = process.env.MALL_TOKEN || undefined;
const problem = await problemWith(args.url, token);
if (problem !== undefined) end(1, problem);
process.exit(await beBusy(args));

/** Why nobody can shop there, in one sentence; undefined when everything is all right. */
async function problemWith(url: string, token: string | undefined): Promise<string | undefined> {
  const api = httpClient(url, token === undefined ? {} : { authorization: `Bearer ${token}` });
  const start = "Start one with npm start, or give its address with --url.";
  const answer = await api("GET /api/bots?limit=1").catch(() => undefined);
  if (!answer || answer.status === 404) return `No Mall answers at ${url}. ${start}`;
  if (answer.status === 200) return undefined;
  if (answer.status === 401 || answer.status === 403)
    return `The Mall at ${url} wants the token of an operator: set MALL_TOKEN to one.`;
  return `The Mall at ${url} is not ready: it answered ${answer.status}.`;
}

async function beBusy({ url, seed, shoppers, durationS, orders, json }: BusyArguments): Promise<number> {
  const tally = new Tally();
  const ending = new AbortController();
  const isInterrupted = endOnSignal(ending);
  const inspect = await readSpec(url);
  const since = performance.now();
  const seconds = () => (performance.now() - since) / 1_000;
  const place: Place = { url, token, tally, signal: ending.signal, inspect };
  const hideProgress = showProgress(tally, seconds);
  const comesNext = () =>
    seconds() < durationS && tally.accepted.size < orders && tally.unexpected.length < enoughTrouble;
  const interrupted = once(ending.signal, "abort");
  const crowd = runCrowd(place, { shoppers, seed, name: `${seed}.${Date.now()}`, comesNext });
  await Promise.race([crowd, interrupted]);
  hideProgress();
  const summary = summaryOf(tally, { seed, seconds: seconds() });
  console.log(json ? JSON.stringify(summary, null, 2) : summaryText(summary));
  if (tally.unexpected.length > 0) return 1;
  return isInterrupted() ? 130 : 0;
}

function endOnSignal(ending: AbortController): () => boolean {
  let since: number | undefined;
  const onSignal = () => {
    if (since !== undefined && performance.now() - since > sameSignalMs) process.exit(130);
    since ??= performance.now();
    ending.abort();
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  if (process.connected) process.on("disconnect", () => process.exit(130));
  return () => since !== undefined;
}

function end(code: number, sentence: string): never {
  console.error(sentence);
  process.exit(code);
}
