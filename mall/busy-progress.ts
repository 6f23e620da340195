import type { Tally } from "./shopper-tally.ts";

/**
 * Says on stderr how far it is: on a terminal in one line that changes, elsewhere in a line every ten seconds.
 * @returns a function that ends it
 */
export function showProgress(tally: Tally, secondsSoFar: () => number): () => void {
  const { stderr } = process;
  const isTerminal = stderr.isTTY && process.env.TERM !== "dumb";
  const line = () => {
    const { accepted, orders, unexpected, requests } = tally;
    const inTrouble = unexpected.length > 0 ? `, ${unexpected.length} unexpected` : "";
    return `${Math.round(secondsSoFar())} s: ${accepted.size} orders, ${orders.size} at their end, ${requests} requests${inTrouble}`;
  };
  const show = () => stderr.write(isTerminal ? `\r${line()}\u001b[K` : `${line()}\n`);
  const timer = setInterval(show, isTerminal ? 250 : 10_000);
  return () => {
    clearInterval(timer);
    if (isTerminal) stderr.write("\r\u001b[K");
  };
}
