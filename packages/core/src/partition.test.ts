import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { partitionOf } from "./partition.ts";
import { uuidv7 } from "./uuid.ts";

describe("the partition of a key", () => {
  /** Stored positions depend on these numbers. When this fails, change the code back, not the numbers. */
  it.each([
    ["", 11],
    ["a", 19],
    ["b", 18],
    ["order-1", 28],
    ["order-2", 0],
    ["customer/42", 22],
    ["0198c2f0-0000-7000-8000-000000000000", 1],
    ["0198c2f0-0000-7000-8000-000000000001", 31],
    ["ä", 24],
    ["€", 23],
    ["😀", 6],
    ["undefined", 30],
    ["x".repeat(1_000), 18],
  ])("never changes: %j is in %i of 32", (key, partition) => {
    expect(partitionOf(key, 32)).toBe(partition);
  });

  it("is the remainder of the same hash for any number of partitions", () => {
    expect([1, 7, 16, 64, 2 ** 32].map((partitions) => partitionOf("order-1", partitions))).toEqual([
      0,
      2449496732 % 7,
      12,
      2449496732 % 64,
      2449496732,
    ]);
  });

  it("is a whole number below the number of partitions, for every key", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 32_767 }), (key, partitions) => {
        const partition = partitionOf(key, partitions);
        expect(Number.isInteger(partition) && partition >= 0 && partition < partitions).toBe(true);
      }),
    );
  });

  it.each([
    ["counted up", (index: number) => `order-${index}`],
    ["counted up from the front", (index: number) => `${index}-order`],
    ["digits", (index: number) => String(index)],
    ["UUIDs of one moment", () => uuidv7()],
    [
      "UUIDs that differ in their last digits alone",
      (index: number) => `0198c2f0-0000-7000-8000-${index.toString(16).padStart(12, "0")}`,
    ],
  ])("spreads keys evenly that are %s", (_, keyAt) => {
    expect(
      chiSquare(Array.from({ length: 32_000 }, (_, index) => partitionOf(keyAt(index), 32))),
    ).toBeLessThan(degrees31);
  });
});

/** Exceeded by chance once in a million. */
const degrees31 = 85;

function chiSquare(partitions: readonly number[]): number {
  const counts = new Array<number>(32).fill(0);
  for (const partition of partitions) counts[partition] = (counts[partition] ?? 0) + 1;
  const expected = partitions.length / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}
