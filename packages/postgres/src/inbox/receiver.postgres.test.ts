import type { LogEntry, ReceivedEntry } from "@tidings/core";
import { until } from "@tidings/testing";
import type { Pool } from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { logOf } from "./entries.fixture.ts";
import { createInbox, type Inbox } from "./inbox.fixture.ts";
import { Leases } from "./leases.ts";
import { Receivers } from "./receivers.ts";
import { ScriptedBroker, type ScriptedReading } from "./scripted-broker.fixture.ts";
import { readReceipts } from "./store-entries.ts";

let inbox: Inbox;
let pool: Pool;
let broker: ScriptedBroker;
let running: Receivers[] = [];
let received: string[][] = [];
let errors: object[] = [];
beforeEach(async () => {
  inbox = await createInbox();
  pool = inbox.poolWith({ isForgettable: true });
  broker = new ScriptedBroker();
});
afterEach(async () => {
  await Promise.all(running.map((receivers) => receivers.stop()));
  [running, received, errors] = [[], [], []];
  await inbox.close();
});

const log = { info() {}, warn() {}, error: (fields: object) => void errors.push(fields) };

/** What a process of the service does that receives the log of `shop`. */
async function startReceivers(over: ScriptedBroker = broker): Promise<Receivers> {
  const receivers = new Receivers({ store: inbox.store, pool, log, released: () => {} });
  running.push(receivers);
  await receivers.add({
    key: inbox.key,
    types: new Set(["shop.Sold", "shop.Sell.Reply"]),
    pool,
    broker: over,
    log,
    received: (entries) => void received.push(entries.map(nameOf)),
  });
  return receivers;
}

const whenReading = (over: ScriptedBroker = broker): Promise<ScriptedReading> =>
  until("a reading has begun", () => over.reading);

const nameOf = ({ partition, position }: { partition: number; position: number }) =>
  `${partition}:${position}`;
const stored = async () => (await inbox.stored()).map(nameOf);
const receipts = () => readReceipts(inbox.pool, inbox.key);

/** Entries as the broker's stream has them, from this sequence on. */
function inStream(entries: readonly LogEntry[], from = 1): ReceivedEntry[] {
  return entries.map((entry, index) => ({ ...entry, sequence: from + index }));
}

function pick(entries: readonly ReceivedEntry[], ...sequences: number[]): ReceivedEntry[] {
  return sequences.flatMap((wanted) => entries.filter(({ sequence }) => sequence === wanted));
}

describe("what a reading brings", () => {
  it("is stored in order and once, however it is delivered, and told of when it is stored", async () => {
    await startReceivers();
    const reading = await whenReading();
    const stream = inStream([...logOf(0, [2, 5, 9]), ...logOf(1, [3, 4])]);
    await reading.deliver(pick(stream, 1, 3));
    expect(await stored()).toEqual(["0:2"]);
    await reading.deliver(pick(stream, 3, 5, 1, 2));
    expect(received).toEqual([["0:2"], ["0:5", "0:9"]]);
    await reading.deliver(pick(stream, 4, 1, 2, 3, 4, 5));
    expect(received).toEqual([["0:2"], ["0:5", "0:9"], ["1:3", "1:4"]]);
    expect(await stored()).toEqual(["0:2", "0:5", "0:9", "1:3", "1:4"]);
  });

  it("is not acknowledged while something before it is held", async () => {
    await startReceivers();
    const reading = await whenReading();
    const stream = inStream([...logOf(0, [2, 5, 9]), ...logOf(1, [3, 4, 6])]);
    expect(await reading.deliver(pick(stream, 1))).toBe(1);
    expect(await reading.deliver(pick(stream, 3, 4))).toBe(2);
    expect((await receipts()).sequence).toBe(2);
    expect(await reading.deliver(pick(stream, 6))).toBe(2);
    expect(await reading.deliver(pick(stream, 2)), "1:6 is held still").toBe(2);
    expect(await reading.deliver(pick(stream, 5, 6))).toBe(6);
    expect(await receipts()).toMatchObject({ sequence: 6, marks: new Map([[0, 9], [1, 6]]) });
  });

  it("is stored when it is of a wanted type and meant for the service, or for nobody in particular", async () => {
    await startReceivers();
    const reading = await whenReading();
    const reply = { kind: "reply", type: "shop.Sell.Reply" } as const;
    const [one, two, three, four, five, six] = logOf(0, [1, 2, 3, 4, 5, 6]) as [
      ...[LogEntry, LogEntry, LogEntry, LogEntry, LogEntry, LogEntry],
    ];
    const changed = [
      one,
      { ...two, message: { ...two.message, type: "shop.Bought" } },
      { ...three, message: { ...three.message, ...reply, headers: { replyTo: "elsewhere" } } },
      { ...four, message: { ...four.message, ...reply, headers: { replyTo: "desk" } } },
      { ...five, message: { ...five.message, headers: { to: "elsewhere" } } },
      { ...six, message: { ...six.message, headers: { to: "desk" } } },
    ];
    expect(await reading.deliver(inStream(changed))).toBe(6);
    expect(await stored()).toEqual(["0:1", "0:4", "0:6"]);
    expect(received).toEqual([["0:1", "0:4", "0:6"]]);
    expect((await receipts()).marks).toEqual(new Map([[0, 6]]));
  });

  it("is acknowledged, and nobody is told, when nothing of it concerns the service", async () => {
    await startReceivers();
    const reading = await whenReading();
    expect(await reading.deliver(inStream(logOf(0, [1, 2], { type: "shop.Bought" }), 7))).toBe(8);
    expect([await stored(), received, (await receipts()).sequence]).toEqual([[], [], 8]);
  });
});

describe("a reading that has ended", () => {
  it("begins anew within a second, from what is stored", async () => {
    await startReceivers();
    const first = await whenReading();
    const stream = inStream(logOf(0, [2, 5, 9]));
    await first.deliver(pick(stream, 1, 3));
    first.end(new Error("The consumer is gone."));
    const begun = performance.now();
    const second = await whenReading();
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(second.reader.after).toBe(1 + 1);
    await second.deliver(pick(stream, 3));
    expect(await stored(), "what was held before is held still").toEqual(["0:2"]);
    await second.deliver(pick(stream, 2, 3));
    expect(await stored()).toEqual(["0:2", "0:5", "0:9"]);
  });
});
