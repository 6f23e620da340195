import type { CheckoutRates } from "./checkout.ts";
import type { Latency } from "./latency.ts";
import { median, spread } from "./measure.ts";
import type { Memory } from "./memory.ts";
import { type NatsFindings, natsNumbers, natsRows } from "./nats-report.ts";
import type { RoundFindings } from "./rates.ts";
import { ratio, row, shown } from "./table.ts";

/** What a run has measured. */
export interface Findings extends Omit<RoundFindings, "apart"> {
  readonly drains: readonly number[];
  readonly latency: Latency;
  readonly idleCpuPercent: number;
  readonly memory: Memory;
  /** Over how many messages the memory was watched. */
  readonly memoryCount: number;
  readonly checkouts: readonly CheckoutRates[];
  /** Undefined when there is no nats-server. */
  readonly nats: NatsFindings | undefined;
}

/** The table that a run ends with. */
export function tableOf(findings: Findings): string {
  const { limits, plain, inSequence, held, drains, latency, memory, checkouts, nats } = findings;
  const limit = median(limits);
  const toLimit = (values: readonly number[]) => ratio(median(values) / limit);
  const produced = plain.map((rates) => rates.produce);
  const endToEnd = plain.map((rates) => rates.endToEnd);
  const growth = `grew by ${ratio(memory.growth)}`;
  return [
    row("", "median (lowest to highest)", "ratio to the limit", "to reach"),
    row("limit, transactions/s", spread(limits)),
    row("produce while consuming, /s", spread(produced), toLimit(produced), "0.80"),
    row("end to end, messages/s", spread(endToEnd), toLimit(endToEnd), "0.75"),
    row("  without interleaving, messages/s", spread(inSequence), toLimit(inSequence)),
    row("drain a backlog with onBatch, /s", spread(drains), "", "20,000"),
    row("latency at 100/s, ms p50 / p99", shown(latency), "", "3 / 15"),
    row("idle, % of a core", findings.idleCpuPercent.toFixed(2), "", "1"),
    row("transaction held open, of the rate", spread(held.transaction, 2), "", "0.90"),
    row("snapshot held open, of the rate", spread(held.snapshot, 2), "", "0.90"),
    row(`memory over ${findings.memoryCount} messages, MB`, memory.peakMb.toFixed(0), growth, "flat"),
    row("the Mall, checkouts approved, /s", spread(checkouts.map((one) => one.perSecond)), "", "100"),
    row("  one at a time, ms p50 / p99", checkoutLatency(checkouts), "", "40 / 150"),
    ...(nats ? natsRows(nats, limit) : []),
    "every run verified: one effect for each order, right totals, effects of each key in commit order",
  ].join("\n");
}

/** The same for a program: medians. */
export function numbersOf(findings: Findings): object {
  const { plain, held, memory, checkouts, nats } = findings;
  return {
    limit: median(findings.limits),
    produce: median(plain.map((rates) => rates.produce)),
    endToEnd: median(plain.map((rates) => rates.endToEnd)),
    endToEndInSequence: median(findings.inSequence),
    drain: median(findings.drains),
    latencyMs: findings.latency,
    idleCpuPercent: findings.idleCpuPercent,
    rssMb: memory.peakMb,
    memoryGrowth: memory.growth,
    checkoutsPerSecond: median(checkouts.map(({ perSecond }) => perSecond)),
    checkoutMs: {
      p50: median(checkouts.map(({ p50 }) => p50)),
      p99: median(checkouts.map(({ p99 }) => p99)),
    },
    heldTransaction: median(held.transaction),
    heldSnapshot: median(held.snapshot),
    ...(nats && { nats: natsNumbers(nats) }),
    verified: { counts: true, order: true },
  };
}

function checkoutLatency(rounds: readonly CheckoutRates[]): string {
  const [p50, p99] = [rounds.map((one) => one.p50), rounds.map((one) => one.p99)];
  return `${spread(p50)} / ${spread(p99)}`;
}
