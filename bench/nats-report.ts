import type { Latency } from "./latency.ts";
import { median, spread } from "./measure.ts";
import type { RoundFindings } from "./rates.ts";
import type { RelayRates } from "./relay.ts";
import { ratio, row, shown } from "./table.ts";

/** What was measured over NATS JetStream, with each service in a database of its own. */
export interface NatsFindings {
  readonly apart: RoundFindings["apart"];
  readonly latency: Latency;
  readonly relays: readonly RelayRates[];
  /** How many messages the relay found in the outbox. */
  readonly backlog: number;
}

export function natsRows({ apart, latency, relays, backlog }: NatsFindings, limit: number): string[] {
  const produced = apart.rates.map((rates) => rates.produce);
  const endToEnd = apart.rates.map((rates) => rates.endToEnd);
  return [
    "over NATS JetStream, each service in its own database",
    row("  produce while consuming, /s", spread(produced), ratio(median(produced) / limit)),
    row("  end to end, messages/s", spread(endToEnd), ratio(median(endToEnd) / limit)),
    row("  the same, of that in one database", spread(apart.shares, 2), "", "0.50"),
    row("  latency at 100/s, ms p50 / p99", shown(latency), "", "10 / 50"),
    row(`  relay a backlog of ${backlog}, /s`, spread(relays.map(({ alone }) => alone)), "", "10,000"),
    row("  and drain it with onBatch, /s", spread(relays.map(({ drain }) => drain))),
  ];
}

export function natsNumbers({ apart, latency, relays, backlog }: NatsFindings): object {
  return {
    produce: median(apart.rates.map((rates) => rates.produce)),
    endToEnd: median(apart.rates.map((rates) => rates.endToEnd)),
    ofOneDatabase: median(apart.shares),
    latencyMs: latency,
    backlog,
    relay: median(relays.map(({ alone }) => alone)),
    drain: median(relays.map(({ drain }) => drain)),
  };
}
