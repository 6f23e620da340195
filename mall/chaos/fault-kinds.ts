/**
 * What is done to the Mall on purpose:
 *
 * - `kill`: a process of a service ends without warning (SIGKILL), now and then the gateway
 * - `postgres`: PostgreSQL is stopped without a checkpoint and started again, as after a crash
 * - `nats`: one of the NATS nodes ends without warning
 * - `pause`: a process of a service stands still (SIGSTOP) for longer than its lease, then goes on
 * - `cut`: the connections of a process to PostgreSQL or to NATS break, and new ones are refused for a while
 */
export const faultKinds = ["kill", "postgres", "nats", "pause", "cut"] as const;
export type FaultKind = (typeof faultKinds)[number];

/** One fault of a plan. */
export interface Fault {
  /** From 1. */
  readonly number: number;
  readonly kind: FaultKind;
  /** The name of a member of the cluster, or `postgres`. */
  readonly target: string;
  /** The server from which a `cut` separates its target. */
  readonly from?: "postgres" | "nats";
  /** How long it lasts; 0 for what happens at once. */
  readonly lastsMs: number;
  /** How long everything is left alone before it. */
  readonly afterMs: number;
}

/** A fault in words: `cut search-1 from nats 1.2 s`. */
export function describeFault({ kind, target, from, lastsMs }: Fault): string {
  const words = [kind, ...(kind === "postgres" ? [] : [target]), ...(from ? ["from", from] : [])];
  if (kind === "cut" || lastsMs > 0) words.push(`${(lastsMs / 1_000).toFixed(1)} s`);
  return words.join(" ");
}
