import type { LogEntry } from "@tidings/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { logOf } from "./entries.fixture.ts";
import { LogOrder } from "./log-order.ts";

/** A log of up to four partitions, whose positions grow by steps of one and more. */
const logs = fc
  .array(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 10 }), { minLength: 1, maxLength: 4 })
  .map((partitions) =>
    partitions.flatMap((steps, partition) => {
      let position = 0;
      const positions = steps.map((step) => {
        position += step;
        return position;
      });
      return logOf(partition, positions);
    }),
  );

/** All of some entries in any order, with some of them repeated anywhere. */
function deliveriesOf(entries: readonly LogEntry[]): fc.Arbitrary<LogEntry[]> {
  const all = [...entries];
  const everything = fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length });
  const place = fc.nat({ max: 60 });
  const repetitions = all.length === 0 ? fc.constant([]) : fc.array(fc.tuple(fc.constantFrom(...all), place));
  return fc.tuple(everything, repetitions).map(([once, repeated]) => {
    const delivery = [...once];
    for (const [entry, at] of repeated) delivery.splice(at % (delivery.length + 1), 0, entry);
    return delivery;
  });
}

const deliveries = logs.chain((log) => fc.record({ log: fc.constant(log), delivery: deliveriesOf(log) }));

/** Each entry as `partition:position`, partition after partition. */
function namesOf(entries: readonly LogEntry[]): string[] {
  return [...entries]
    .sort((a, b) => a.partition - b.partition)
    .map(({ partition, position }) => `${partition}:${position}`);
}

function takeAll(order: LogOrder<LogEntry>, entries: readonly LogEntry[]): LogEntry[] {
  return entries.flatMap((entry) => order.take(entry));
}

/** What of a log comes before the first withheld entry of its partition. */
function reachable(log: readonly LogEntry[], withheld: ReadonlySet<LogEntry>): LogEntry[] {
  const blocked = new Set<number>();
  return log.filter((entry) => {
    if (withheld.has(entry)) blocked.add(entry.partition);
    return !blocked.has(entry.partition);
  });
}

describe("a log that is delivered in any order, with repetitions", () => {
  it("comes out once and in the order of each partition", () => {
    fc.assert(
      fc.property(deliveries, ({ log, delivery }) => {
        const order = new LogOrder<LogEntry>();
        expect(namesOf(takeAll(order, delivery))).toEqual(namesOf(log));
        expect([order.held, order.gaps(), [...order.waiting()]]).toEqual([0, [], []]);
      }),
    );
  });

  it("goes on at any mark with what is behind it", () => {
    fc.assert(
      fc.property(deliveries, fc.array(fc.nat({ max: 45 }), { maxLength: 4 }), ({ log, delivery }, given) => {
        const marks = new Map(given.entries());
        const order = new LogOrder<LogEntry>(marks);
        const behind = log.filter(({ partition, position }) => position > (marks.get(partition) ?? 0));
        expect(namesOf(takeAll(order, delivery))).toEqual(namesOf(behind));
        expect(order.held).toBe(0);
      }),
    );
  });

  it("comes out once although the reading begins anew in the middle, from the marks and an earlier place", () => {
    fc.assert(
      fc.property(deliveries, fc.nat({ max: 80 }), ({ log, delivery }, at) => {
        const first = new LogOrder<LogEntry>();
        const before = takeAll(first, delivery.slice(0, at));
        const partitions = new Set(log.map(({ partition }) => partition));
        const marks = new Map([...partitions].map((partition) => [partition, first.markOf(partition)]));
        const after = takeAll(new LogOrder<LogEntry>(marks), delivery);
        expect(namesOf([...before, ...after])).toEqual(namesOf(log));
      }),
    );
  });
});

describe("a log of which entries are missing", () => {
  const holed = logs.chain((log) =>
    fc.record({
      log: fc.constant(log),
      withheld: fc.subarray([...log]).map((entries) => new Set(entries)),
      delivery: deliveriesOf(log),
    }),
  );

  it("does not come out behind a missing entry, and its gaps name exactly what is missing there", () => {
    fc.assert(
      fc.property(holed, ({ log, withheld, delivery }) => {
        const order = new LogOrder<LogEntry>();
        const arrived = delivery.filter((entry) => !withheld.has(entry));
        const expected = reachable(log, withheld);
        expect(namesOf(takeAll(order, arrived))).toEqual(namesOf(expected));
        const held = log.filter((entry) => !withheld.has(entry) && !expected.includes(entry));
        expect(namesOf([...order.waiting()])).toEqual(namesOf(held));
        expect(order.held).toBe(held.length);
        const firstHeld = [...Map.groupBy(held, ({ partition }) => partition).values()].flatMap(([first]) =>
          first ? [first] : [],
        );
        const gaps = firstHeld.map(({ partition, previous }) => {
          const mark = expected.filter((entry) => entry.partition === partition).at(-1)?.position ?? 0;
          return { partition, after: mark, upTo: previous };
        });
        expect(order.gaps().sort((a, b) => a.partition - b.partition)).toEqual(gaps);
      }),
    );
  });

  it("comes out in full when what the gaps name is given to it", () => {
    fc.assert(
      fc.property(holed, ({ log, withheld, delivery }) => {
        const order = new LogOrder<LogEntry>();
        const arrived = delivery.filter((entry) => !withheld.has(entry));
        const out = takeAll(order, arrived);
        for (let gaps = order.gaps(); gaps.length > 0; gaps = order.gaps()) {
          for (const { partition, after, upTo } of gaps) {
            const isMissing = (entry: LogEntry) =>
              entry.partition === partition && entry.position > after && entry.position <= upTo;
            const missing = log.filter(isMissing);
            expect(missing.length, "a gap is not empty").toBeGreaterThan(0);
            out.push(...takeAll(order, missing));
          }
        }
        expect(namesOf(out)).toEqual(namesOf(log.filter((entry) => out.includes(entry))));
        const tail = log.filter((entry) => !out.includes(entry));
        expect(tail.every((entry) => withheld.has(entry) && isBehindAll(entry, arrived))).toBe(true);
      }),
    );
  });

  function isBehindAll(entry: LogEntry, arrived: readonly LogEntry[]): boolean {
    return arrived.every(
      ({ partition, position }) => partition !== entry.partition || position < entry.position,
    );
  }
});

describe("passing over a gap", () => {
  const log = logOf(0, [2, 5, 9, 12]);
  const [second, fifth, ninth, twelfth] = log as [LogEntry, LogEntry, LogEntry, LogEntry];

  it("lets out what waited for it, up to the next gap", () => {
    const order = new LogOrder<LogEntry>();
    expect(takeAll(order, [twelfth, fifth])).toEqual([]);
    expect(order.pass(0, 2)).toEqual([fifth]);
    expect(order.gaps()).toEqual([{ partition: 0, after: 5, upTo: 9 }]);
    expect(order.pass(0, 9)).toEqual([twelfth]);
    expect([order.held, order.markOf(0)]).toEqual([0, 12]);
  });

  it("forgets what is held before the position, and takes nothing of it any more", () => {
    const order = new LogOrder<LogEntry>();
    expect(takeAll(order, [fifth, ninth])).toEqual([]);
    expect(order.pass(0, 6)).toEqual([ninth]);
    expect(takeAll(order, [second, fifth])).toEqual([]);
    expect([order.held, order.take(twelfth)]).toEqual([0, [twelfth]]);
  });

  it("never goes back, and leaves other partitions alone", () => {
    const order = new LogOrder<LogEntry>(new Map([[0, 9]]));
    const elsewhere = logOf(1, [1, 3]);
    expect(takeAll(order, elsewhere.slice(1))).toEqual([]);
    expect(order.pass(0, 2)).toEqual([]);
    expect([order.markOf(0), order.take(ninth), order.take(twelfth)]).toEqual([9, [], [twelfth]]);
    expect(order.gaps()).toEqual([{ partition: 1, after: 0, upTo: 1 }]);
  });
});
