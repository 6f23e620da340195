import { type Random, randomOf } from "../shopper-random.ts";
import type { Fault, FaultKind } from "./fault-kinds.ts";

/** Who can be hit, by name. */
export interface Targets {
  /** The processes of the services. */
  readonly services: readonly string[];
  readonly gateway: string;
  /** The NATS nodes. */
  readonly nodes: readonly string[];
}

export interface PlanOptions {
  readonly seed: number;
  readonly kinds: readonly FaultKind[];
  readonly targets: Targets;
}

/** Between the end of a fault and the next one. */
const restMs = [8_000, 12_000] as const;
/** Longer than the five seconds of a lease, shorter than the supervisor's patience with a process that does not answer. */
const pauseMs = [6_000, 9_000] as const;
const cutMs = [0, 3_000] as const;
const gatewayShare = 1 / 8;

/**
 * Which faults come one after the other, without end: always the same for the same seed, kinds and targets. Each kind
 * comes once before any comes again.
 */
export function* faultPlan({ seed, kinds, targets }: PlanOptions): Generator<Fault, never> {
  const random = randomOf(`${seed} faults`);
  for (let number = 1; ; ) {
    for (const kind of shuffled(kinds, random)) {
      const afterMs = random.between(...restMs);
      yield { number: number++, kind, afterMs, ...aim(kind, targets, random) };
    }
  }
}

function aim(
  kind: FaultKind,
  { services, gateway, nodes }: Targets,
  random: Random,
): Pick<Fault, "target" | "from" | "lastsMs"> {
  switch (kind) {
    case "kill":
      return { target: random.chance(gatewayShare) ? gateway : random.pick(services), lastsMs: 0 };
    case "postgres":
      return { target: "postgres", lastsMs: 0 };
    case "nats":
      return { target: random.pick(nodes), lastsMs: 0 };
    case "pause":
      return { target: random.pick(services), lastsMs: random.between(...pauseMs) };
    case "cut": {
      const from = random.pick(["postgres", "nats"] as const);
      return { target: random.pick(services), from, lastsMs: random.between(...cutMs) };
    }
  }
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const left = [...items];
  return items.map(() => left.splice(random.between(0, left.length - 1), 1)[0] as Item);
}
