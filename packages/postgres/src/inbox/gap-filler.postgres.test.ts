import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { logOf } from "./entries.fixture.ts";
import type { EntriesQuestion } from "./gap-filler.ts";
import { Leases } from "./leases.ts";
import { createDesk, type Desk, disordered, inStream } from "./receivers.fixture.ts";
import type { Receivers } from "./receivers.ts";

let desk: Desk;
beforeEach(async () => {
  desk = await createDesk();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await desk.close();
});

const gap = (after: number, upTo: number) => ({ about: "entries", partition: 0, after, upTo });

const isOfEntries = (question: unknown) => (question as EntriesQuestion).about === "entries";
const askedForEntries = () => desk.broker.asked.filter(({ question }) => isOfEntries(question));

/** The source answers questions for entries like this; how far it has come it does not say. */
function answerEntries(answer: (question: EntriesQuestion) => unknown): void {
  desk.broker.answering = (question) =>
    isOfEntries(question) ? answer(question as EntriesQuestion) : undefined;
}

/** Lets the time pass that entries need that overtake each other. */
async function whenOverdue(receivers: Receivers): Promise<void> {
  await receivers.tend();
  const now = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => now() + 2_000);
  await receivers.tend();
}

it("a gap is filled by the source, after the time that entries need that overtake each other", async () => {
  await desk.start();
  const reading = await desk.whenReading();
  const log = logOf(0, [2, 5, 9, 12]);
  answerEntries(() => ({ entries: log.slice(1, 3), begins: 0 }));
  await reading.deliver(inStream(log.slice(0, 1)));
  await reading.deliver(inStream(log.slice(3), 2));
  const begun = performance.now();
  await until("it is filled", async () => (await desk.stored()).length === 4);
  expect(performance.now() - begun).toBeGreaterThan(1_900);
  expect(askedForEntries()).toEqual([{ service: "shop", question: gap(2, 9) }]);
  expect(desk.received).toEqual([["0:2"], ["0:5", "0:9", "0:12"]]);
  expect(await desk.receipts()).toMatchObject({ marks: new Map([[0, 12]]), sequence: 2 });
});

it("a gap is not asked for when the missing entries arrive in time", async () => {
  const receivers = await desk.start();
  const reading = await desk.whenReading();
  await reading.deliver(disordered().slice(0, 3));
  await receivers.tend();
  await reading.deliver(disordered());
  await whenOverdue(receivers);
  expect(askedForEntries()).toEqual([]);
});

it("a gap of many entries is filled without a pause between one answer and the next", async () => {
  const receivers = await desk.start();
  const reading = await desk.whenReading();
  const positions = Array.from({ length: 11 }, (_, index) => index + 1);
  const log = logOf(0, positions);
  answerEntries((question) => {
    const { after } = question;
    return { entries: log.filter(({ position }) => position > after).slice(0, 2), begins: 0 };
  });
  await reading.deliver(inStream(log.slice(-1), 1));
  await whenOverdue(receivers);
  await until("it is filled", async () => (await desk.stored()).length === 11);
  expect(askedForEntries()).toHaveLength(5);
});

it("a gap is passed over by a new subscription as far as the source has nothing of it any more", async () => {
  const receivers = await desk.start();
  const reading = await desk.whenReading();
  const log = logOf(0, [2, 5, 9, 12]);
  answerEntries(() => ({ entries: log.slice(2, 3), begins: 6 }));
  await reading.deliver(inStream(log.slice(3)));
  await whenOverdue(receivers);
  await until("it goes on", async () => (await desk.stored()).length > 0);
  expect(await desk.stored()).toEqual(["0:9", "0:12"]);
  expect(desk.errors).toEqual([]);
});

it("a gap is passed over without anything that has arrived behind it", async () => {
  const receivers = await desk.start();
  const reading = await desk.whenReading();
  const log = logOf(0, [2, 5, 9, 12]);
  answerEntries(() => ({ entries: [], begins: 1_000 }));
  await reading.deliver(inStream(log.slice(2)));
  await whenOverdue(receivers);
  await until("it goes on", async () => (await desk.receipts()).marks.get(0) !== undefined);
  expect(await desk.stored()).toEqual(["0:9", "0:12"]);
});

it.each([
  ["since an earlier reading", true],
  ["in this reading", false],
])(
  "a gap keeps a subscription waiting that had received something before it %s, which says so",
  async (_, anew) => {
    const receivers = await desk.start();
    const first = await desk.whenReading();
    const log = logOf(0, [2, 5, 9, 12]);
    await first.deliver(inStream(log.slice(0, 1)));
    if (anew) first.end(new Error("The consumer is gone."));
    const reading = await desk.whenReading();
    answerEntries(() => ({ entries: log.slice(2, 3), begins: 6 }));
    await reading.deliver(inStream(log.slice(3), 2));
    await whenOverdue(receivers);
    await until("it complains", () => desk.errors.length > 0);
    expect(desk.errors).toEqual([{ subscription: "desk", source: "shop", partition: 0, after: 2, upTo: 9 }]);
    expect(await desk.stored()).toEqual(["0:2"]);
    await reading.deliver(inStream(log.slice(1), 3));
    expect(await desk.stored(), "it goes on when they arrive after all").toEqual([
      "0:2",
      "0:5",
      "0:9",
      "0:12",
    ]);
  },
);

it("a gap that its source knows nothing of keeps the subscription waiting, which says so", async () => {
  const receivers = await desk.start();
  const reading = await desk.whenReading();
  answerEntries(() => ({ entries: [], begins: 0 }));
  await reading.deliver(inStream(logOf(0, [2, 5]).slice(1)));
  await whenOverdue(receivers);
  await until("it complains", () => desk.errors.length > 0);
  expect([desk.errors, await desk.stored()]).toEqual([
    [{ subscription: "desk", source: "shop", partition: 0, after: 0, upTo: 2 }],
    [],
  ]);
});

it("a gap does not cost the lease, nor hold up an end in order, when its source does not answer", async () => {
  const receivers = await desk.start();
  const reading = await desk.whenReading();
  answerEntries(() => new Promise(() => {}));
  await reading.deliver(inStream(logOf(0, [2, 5]).slice(1)));
  await whenOverdue(receivers);
  await until("the source is asked", () => askedForEntries().length > 0);
  const begun = performance.now();
  const other = new Leases(desk.inbox.pool, desk.inbox.store);
  await until("the lease would have ended", async () => {
    expect((await other.take(["desk shop"])).size).toBe(0);
    return performance.now() - begun > 3_500;
  });
  const stopping = performance.now();
  await receivers.stop();
  expect(performance.now() - stopping).toBeLessThan(2_000);
  expect((await other.take(["desk shop"])).size).toBe(1);
});

it("what the broker has lost at the end of its stream is asked for when nothing arrives behind it", async () => {
  const receivers = await desk.start();
  const reading = await desk.whenReading();
  const log = logOf(0, [2, 5, 9]);
  await reading.deliver(inStream(log.slice(0, 1)));
  desk.broker.answering = (question) =>
    isOfEntries(question) ? { entries: log.slice(1), begins: 0 } : [{ partition: 0, position: 9 }];
  const now = performance.now.bind(performance);
  let passed = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now() + passed);
  await until(
    "it is stored",
    async () => {
      passed += 1_000;
      await receivers.tend();
      return (await desk.stored()).length === 3;
    },
    { timeout: 120_000 },
  );
  expect(askedForEntries()).toEqual([{ service: "shop", question: gap(2, 9) }]);
  expect((await desk.receipts()).marks).toEqual(new Map([[0, 9]]));
});
