/** Runs `count` pieces of work from `producers` concurrent producers. @returns seconds */
export async function produce(
  count: number,
  producers: number,
  work: (number: number, producer: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const started = performance.now();
  const run = async (producer: number) => {
    while (next < count) await work(next++, producer);
  };
  await Promise.all(Array.from({ length: producers }, (_, producer) => run(producer)));
  return (performance.now() - started) / 1_000;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] as number;
}

/** `median (lowest to highest)` */
export function spread(values: readonly number[], digits = 0): string {
  const show = (value: number) => value.toFixed(digits);
  return `${show(median(values))} (${show(Math.min(...values))} to ${show(Math.max(...values))})`;
}
