import type { Cluster } from "@mall/cluster";
import type { ChaosArguments } from "./arguments.ts";
import { describeFault, type Fault } from "./fault-kinds.ts";
import { faultPlan, type Targets } from "./fault-plan.ts";
import { inject } from "./inject.ts";
import type { Violation } from "./outcome.ts";
import type { ProgressLog, Recovery } from "./progress-log.ts";
import type { Reporter } from "./reporter.ts";
import { type FaultRecord, runFaults } from "./run-faults.ts";
import type { Wires } from "./wires.ts";

export interface FaultSeriesOptions extends Pick<ChaosArguments, "minutes" | "seed" | "kinds"> {
  readonly cluster: Pick<Cluster, "members" | "restartPostgres">;
  readonly wires: Pick<Wires, "cut">;
  readonly progress: ProgressLog;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/** After any single fault orders go on within this time. */
const recoveryMs = 10_000;
/** How long the gateway may be gone after it was hit. */
const gatewayGoneMs = 10_000;

/** The faults of a run. */
export class FaultSeries {
  readonly #options: FaultSeriesOptions;
  /** All that were begun. */
  readonly faults: Fault[] = [];
  /** Faults that could not be made, and those after which it took too long until orders went on. */
  readonly violations: Violation[] = [];
  #gatewayHitAt = Number.NEGATIVE_INFINITY;

  constructor(options: FaultSeriesOptions) {
    this.#options = options;
  }

  /** Whether the gateway was hit so recently that requests to it may be left unanswered. */
  get mayMissGateway(): boolean {
    return performance.now() - this.#gatewayHitAt < gatewayGoneMs;
  }

  /** Makes one fault after the other until the time is up. */
  run(): Promise<FaultRecord[]> {
    const { minutes, seed, kinds, cluster, progress, reporter, signal } = this.#options;
    const since = performance.now();
    const done = () => (performance.now() - since) / (minutes * 60_000);
    return runFaults({
      plan: faultPlan({ seed, kinds, targets: targetsOf(cluster) }),
      progress,
      inject: (fault) => this.#inject(fault),
      begins: (what) => reporter.faultBegins(what, Math.min(1, done())),
      ends: ({ fault, recovery }, firstMs) => {
        reporter.faultEnds(toldRecovery(recovery, firstMs));
        this.#judge(fault, recovery);
      },
      fails: (fault, { message }) => {
        reporter.faultEnds(message);
        this.violations.push({
          what: "A fault could not be made",
          examples: [`${describeFault(fault)}: ${message}`],
        });
      },
      isOver: () => done() >= 1,
      signal,
    });
  }

  async #inject(fault: Fault) {
    const { cluster, wires, signal } = this.#options;
    const injected = inject(fault, { cluster, wires, signal });
    if (fault.target === "gateway") this.#gatewayHitAt = Number.POSITIVE_INFINITY;
    return injected.finally(() => {
      this.faults.push(fault);
      if (fault.target === "gateway") this.#gatewayHitAt = performance.now();
    });
  }

  #judge(fault: Fault, { longestGapMs }: Recovery): void {
    if (longestGapMs <= recoveryMs) return;
    const example = `${fault.number}: ${describeFault(fault)}, ${seconds(longestGapMs)}`;
    this.violations.push({
      what: "Orders stood still for more than 10 s after a fault",
      examples: [example],
    });
  }
}

function targetsOf({ members }: Pick<Cluster, "members">): Targets {
  const names = (kind: string) => members.filter((member) => member.kind === kind).map(({ name }) => name);
  return { services: names("service").toSorted(), gateway: "gateway", nodes: names("nats").toSorted() };
}

function toldRecovery({ longestGapMs, hasProgressed }: Recovery, firstMs: number | undefined): string {
  if (!hasProgressed || firstMs === undefined) return `no progress in ${seconds(longestGapMs)}`;
  return `progress after ${seconds(firstMs)}, longest gap ${seconds(longestGapMs)}`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}
