import { expect, it } from "vitest";
import { PartitionQueues } from "./partition-queues.ts";

const most = 4;

/** Lets everything that is ready run. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

it("lets exactly one waiting writer in for each that leaves", async () => {
  const queues = new PartitionQueues();
  const leave: (() => void)[] = [];
  const enter = () => queues.enter([7]).then((left) => leave.push(left));
  const entering = Array.from({ length: most + 3 }, enter);
  await settle();
  expect(leave).toHaveLength(most);
  for (let left = 1; left <= 3; left++) {
    leave[left - 1]?.();
    await settle();
    expect(leave).toHaveLength(most + left);
  }
  await Promise.all(entering);
});

it("keeps writers of other partitions waiting for nobody", async () => {
  const queues = new PartitionQueues();
  for (let writer = 0; writer < most; writer++) await queues.enter([7]);
  await expect(queues.enter([8])).resolves.toBeTypeOf("function");
});

it("tells a writer that finds no room for a while which partitions were blocked", async () => {
  const queues = new PartitionQueues();
  for (let writer = 0; writer < most; writer++) await queues.enter([7]);
  await expect(queues.enter([8, 7])).rejects.toMatchObject({ code: "partition-blocked", partitions: [8, 7] });
  await expect(queues.enter([8])).resolves.toBeTypeOf("function");
});

it("lets no more than a thousand wait", async () => {
  const queues = new PartitionQueues();
  for (let writer = 0; writer < most; writer++) await queues.enter([7]);
  const waiting = Array.from({ length: 1_000 }, () => queues.whenRoom([7], 50).catch(() => {}));
  expect(() => queues.whenRoom([7], 50)).toThrow(/has not ended/);
  await Promise.all(waiting);
});
