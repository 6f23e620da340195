import type { Latency } from "./latency.ts";

/** A line of the table: what was measured, what came out, a note, and what is to be reached. */
export function row(name: string, found: string, note = "", toReach = ""): string {
  return `${name.padEnd(40)}${found.padEnd(32)}${note.padEnd(22)}${toReach}`.trimEnd();
}

export function ratio(value: number): string {
  return value.toFixed(2);
}

export function shown({ p50, p99 }: Latency): string {
  return `${p50.toFixed(1)} / ${p99.toFixed(1)}`;
}
