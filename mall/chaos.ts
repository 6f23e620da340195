import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClusterError } from "@mall/cluster";
import { type ChaosArguments, readArguments, usage } from "./chaos/arguments.ts";
import { outcomeText } from "./chaos/outcome-text.ts";
import { consoleReporter } from "./chaos/reporter.ts";
import { runChaos } from "./chaos/run-chaos.ts";

/** Ctrl-C reaches a program twice, from the terminal and from the program that started it: that is one signal. */
const sameSignalMs = 500;

const args = readArguments(process.argv.slice(2));
if (typeof args === "string") {
  console.error(`${args} npm run chaos -- --help says more.`);
  process.exit(2);
}
if (args.help) {
  console.log(usage);
  process.exit(0);
}
process.exit(await chaos(args));

async function chaos(args: ChaosArguments): Promise<number> {
  const directory = newDirectory();
  const signal = endOnSignal();
  console.log(`Chaos for ${args.minutes} min with seed ${args.seed}; data and logs are in ${directory}.`);
  let isSound = false;
  try {
    const outcome = await runChaos({ ...args, directory, signal, reporter: consoleReporter() });
    isSound = outcome.violations.length === 0;
    console.log(`\n${outcomeText(outcome)}`);
    return isSound ? 0 : 1;
  } catch (error) {
    isSound = signal.aborted;
    if (signal.aborted) return 130;
    console.error(textOf(error));
    return 1;
  } finally {
    if (isSound && !args.keep) rmSync(directory, { recursive: true, force: true });
    else console.log(`\nData and logs: ${directory}`);
  }
}

/** Others may enter: as root, PostgreSQL runs as a user of its own. What is secret in it has rights of its own. */
function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "mall-chaos-"));
  chmodSync(directory, 0o755);
  return directory;
}

/** One sentence for what a user can mend; the whole error for a fault of ours. */
function textOf(error: unknown): unknown {
  const isForUser = error instanceof ClusterError || (error as Error).name === "EmbeddedPostgresError";
  return isForUser ? (error as Error).message : error;
}

/** The first signal ends everything in order; a second one, half a second later or more, at once. */
function endOnSignal(): AbortSignal {
  const ending = new AbortController();
  let since: number | undefined;
  const end = () => {
    if (since !== undefined && performance.now() - since > sameSignalMs) process.exit(130);
    since ??= performance.now();
    ending.abort();
  };
  process.on("SIGINT", end).on("SIGTERM", end);
  if (process.connected) process.on("disconnect", end);
  return ending.signal;
}
