import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { type Cluster, startCluster } from "@mall/cluster";
import { Tally } from "../shopper-tally.ts";
import type { ChaosArguments } from "./arguments.ts";
import type { CollectedDatabase } from "./collect.ts";
import { letShoppersIn } from "./crowd.ts";
import { asAdmin, withDatabase } from "./database.ts";
import { FaultSeries } from "./fault-series.ts";
import type { Outcome, Violation } from "./outcome.ts";
import { Encounters } from "./patient-shoppers.ts";
import { watchProgress } from "./progress.ts";
import { ProgressLog } from "./progress-log.ts";
import { untilQuiet } from "./quiet.ts";
import type { Reporter } from "./reporter.ts";
import { findBusy, findCrashed, findUnready } from "./still-standing.ts";
import { verify } from "./verify.ts";
import { Wires } from "./wires.ts";
import { installWitness } from "./witness.ts";

export interface RunChaosOptions extends ChaosArguments {
  /** Where the cluster keeps its data and its logs. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
}

/** How long the services may take to finish what they have begun. */
const quietMs = 120_000;

/**
 * Starts the Mall as a cluster, lets shoppers in, makes faults, lets everything come to its end, and looks for what must
 * not be. The cluster is closed in any case.
 * @throws what keeps the cluster from starting or its data from being read, and an AbortError by the signal
 */
export async function runChaos(options: RunChaosOptions): Promise<Outcome> {
  const { directory, signal, reporter } = options;
  const wires = new Wires();
  const stubborn: string[] = [];
  const log = clusterLog(directory, reporter);
  const cluster = await startCluster({
    directory,
    port: 0,
    env: { MALL_DEMO: "1", MALL_BOT_DELAY: "100", MALL_HOLD_EXPIRES: "24h" },
    wire: (ends) => wires.lay(ends),
    signal,
    log: (line) => {
      if (line.includes("did not end within")) stubborn.push(line);
      log(line);
    },
  });
  try {
    const outcome = await trouble(options, cluster, wires);
    await cluster.close();
    const violations =
      stubborn.length > 0 ? [{ what: "A process had to be killed at the end", examples: stubborn }] : [];
    return { ...outcome, violations: [...outcome.violations, ...violations] };
  } finally {
    await cluster.close();
    await wires.close();
  }
}

/** All lines are kept; while a fault is under way, only those are shown that tell of more than its consequences. */
function clusterLog(directory: string, reporter: Reporter): (line: string) => void {
  const file = join(directory, "cluster.log");
  return (line) => {
    appendFileSync(file, `${new Date().toISOString()} ${line}\n`);
    if (!reporter.isFaultUnderWay || line.startsWith("!")) reporter.line(line);
  };
}

async function trouble(options: RunChaosOptions, cluster: Cluster, wires: Wires): Promise<Outcome> {
  const { seed, minutes, signal, reporter } = options;
  const databases = databasesOf(cluster);
  const progress = new ProgressLog();
  const tally = new Tally();
  const encounters = new Encounters();
  await withDatabase(urlOf("search", databases), installWitness);
  const stopWatching = watchProgress(urlOf("ordering", databases), progress);
  try {
    const series = new FaultSeries({ ...options, cluster, wires, progress });
    const mayBeLost = () => series.mayMissGateway;
    const crowd = await letShoppersIn({ ...options, url: cluster.url, tally, encounters, mayBeLost });
    const records = await series.run();
    signal.throwIfAborted();
    reporter.line("No more faults, and nobody comes in any more.");
    const violations: Violation[] = [...series.violations, ...(await crowd.leave())];
    const open = await untilQuiet(databases, { withinMs: quietMs, signal });
    if (open.length > 0) violations.push({ what: "Not quiet in two minutes", examples: open.slice(0, 10) });
    violations.push(...findCrashed(cluster.members, series.faults));
    violations.push(...(await findUnready(cluster.members)), ...(await findBusy(cluster.members)));
    reporter.line("All data is brought together and checked.");
    const verified = await verify(databases, cluster.adminUrl, tally);
    violations.push(...verified.violations);
    return { seed, minutes, records, orders: verified.orders, encounters, violations };
  } finally {
    await stopWatching();
  }
}

function databasesOf({ databases, adminUrl }: Cluster): CollectedDatabase[] {
  return Object.entries(databases).map(([service, url]) => ({ service, url: asAdmin(url, adminUrl) }));
}

function urlOf(service: string, databases: readonly CollectedDatabase[]): string {
  const found = databases.find((database) => database.service === service);
  if (!found) throw new Error(`The cluster has no database for ${service}.`);
  return found.url;
}
