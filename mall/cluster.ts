import { join } from "node:path";
import {
  type Cluster,
  type ClusterArguments,
  ClusterError,
  clusterStatus,
  clusterUsage,
  readClusterArguments,
  startCluster,
  stopCluster,
} from "@mall/cluster";
import { placeAnOrder, prepareDemo, reasonOf } from "./demo.ts";
import { keptInFile } from "./seeded.ts";

/** Ctrl-C reaches a program twice, from the terminal and from the program that started it: that is one signal. */
const sameSignalMs = 500;

const args = readClusterArguments(process.argv.slice(2));
if (typeof args === "string") {
  console.error(`${args} npm run mall:cluster -- --help says more.`);
  process.exit(2);
}
if (args.command === "help") console.log(clusterUsage);
else if (args.command === "status") showStatus(args);
else if (args.command === "stop") await stop(args);
else await start(args);

function showStatus({ directory }: ClusterArguments): void {
  const { text, exitCode } = clusterStatus(directory);
  console.log(text);
  process.exitCode = exitCode;
}

async function stop({ directory }: ClusterArguments): Promise<void> {
  const outcome = await stopCluster(directory);
  const [text, exitCode] = {
    stopped: ["The Mall is closed.", 0] as const,
    "not-running": [`No cluster runs in ${directory}.`, 3] as const,
    "still-running": ["The Mall is still closing after two minutes; --status says what is left.", 1] as const,
  }[outcome];
  console.log(text);
  process.exitCode = exitCode;
}

async function start({ directory, port, bots }: ClusterArguments): Promise<void> {
  const ending = new AbortController();
  const { signal } = ending;
  const starting = startCluster({ directory, port, bots, signal, log: (line) => console.log(line) });
  endOnSignal(async () => {
    ending.abort();
    await (await starting.catch(() => undefined))?.close();
  });
  try {
    await open(await starting, directory);
  } catch (error) {
    if (signal.aborted) return;
    await (await starting.catch(() => undefined))?.close();
    console.error(textOf(error));
    process.exit(1);
  }
}

/** A second signal, half a second later or more, ends the program at once, and every process with it. */
function endOnSignal(close: () => Promise<void>): void {
  let endingSince: number | undefined;
  const end = async () => {
    if (endingSince !== undefined) return;
    endingSince = performance.now();
    await close();
    process.exit(0);
  };
  const onSignal = (signalNumber: number) => () => {
    if (endingSince !== undefined && performance.now() - endingSince > sameSignalMs)
      process.exit(128 + signalNumber);
    void end();
  };
  process.on("SIGINT", onSignal(2)).on("SIGTERM", onSignal(15));
  if (process.connected) process.on("disconnect", () => void end());
}

async function open(cluster: Cluster, directory: string): Promise<void> {
  const isDemo = process.env.MALL_DEMO !== "0";
  const demo = isDemo && (await prepareDemo(cluster.url, keptInFile(join(directory, "seeded.json"))));
  console.log(`
The Mall is open, as ${cluster.members.length} processes and a PostgreSQL.

  API reference   ${cluster.url}/api/docs
  health          ${cluster.url}/readyz
  NATS            ${cluster.monitorUrls.join(", ")}
  logs            ${join(directory, "logs")}
  processes       npm run mall:cluster -- --status

${demo ? placeAnOrder(cluster.url, demo) : "Who asks must say so by a bearer token, unless it browses or registers."}

Ctrl-C closes the Mall; its data stays in ${directory}.`);
}

/** One sentence for what a user can mend; the whole error for a fault of ours. */
function textOf(error: unknown): unknown {
  if (error instanceof ClusterError || (error as Error).name === "EmbeddedPostgresError")
    return (error as Error).message;
  return error instanceof Error ? `The Mall cannot be opened: ${reasonOf(error)}.` : error;
}
