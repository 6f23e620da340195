import type { LogEntry } from "@tidings/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { logOf } from "./entries.fixture.ts";
import { Leases } from "./leases.ts";
import { createDesk, type Desk, disordered, inStream } from "./receivers.fixture.ts";
import { ScriptedBroker } from "./scripted-broker.fixture.ts";

let desk: Desk;
beforeEach(async () => {
  desk = await createDesk();
});
afterEach(() => desk.close());

describe("what a reading brings", () => {
  it("is stored in order and once, however it is delivered, and told of when it is stored", async () => {
    await desk.start();
    const reading = await desk.whenReading();
    const stream = disordered();
    await reading.deliver(stream.slice(0, 3));
    expect([await desk.stored(), desk.received]).toEqual([["0:2", "1:3"], [["0:2", "1:3"]]]);
    await reading.deliver(stream.slice(0, 4));
    expect(desk.received.slice(1)).toEqual([["0:5", "0:9"]]);
    await reading.deliver(stream);
    await reading.deliver(inStream(stream, 7));
    expect(desk.received.slice(2)).toEqual([["1:4", "1:6"]]);
    expect(await desk.stored()).toEqual(["0:2", "0:5", "0:9", "1:3", "1:4", "1:6"]);
  });

  it("is not acknowledged from the first on that is held", async () => {
    await desk.start();
    const reading = await desk.whenReading();
    for (const entry of disordered()) await reading.deliver([entry]);
    expect(reading.acknowledged, "0:9 is held until 0:5 arrives, 1:6 until 1:4 does").toEqual([
      1, 1, 1, 4, 4, 6,
    ]);
    const marks = new Map([
      [0, 9],
      [1, 6],
    ]);
    expect(await desk.receipts()).toMatchObject({ sequence: 6, marks });
  });

  it("is stored when it is of a wanted type and meant for the service, or for nobody in particular", async () => {
    await desk.start();
    const reading = await desk.whenReading();
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
    expect(await desk.stored()).toEqual(["0:1", "0:4", "0:6"]);
    expect(desk.received).toEqual([["0:1", "0:4", "0:6"]]);
    expect((await desk.receipts()).marks).toEqual(new Map([[0, 6]]));
  });

  it("is acknowledged, and nobody is told, when nothing of it concerns the service", async () => {
    await desk.start();
    const reading = await desk.whenReading();
    expect(await reading.deliver(inStream(logOf(0, [1, 2], { type: "shop.Bought" }), 7))).toBe(8);
    expect([await desk.stored(), desk.received, (await desk.receipts()).sequence]).toEqual([[], [], 8]);
  });
});

describe("a reading that has ended", () => {
  it("begins anew shortly after, from what is stored", async () => {
    await desk.start();
    const first = await desk.whenReading();
    const stream = disordered();
    await first.deliver(stream.slice(0, 3));
    first.end(new Error("The consumer is gone."));
    const begun = performance.now();
    const second = await desk.whenReading();
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(second.reader.after).toBe(1);
    await second.deliver(stream.slice(3, 4));
    expect(await desk.stored(), "what was held by the first reading is received again").toEqual([
      "0:2",
      "0:5",
      "1:3",
    ]);
    await second.deliver(stream.slice(1));
    expect(await desk.stored()).toEqual(["0:2", "0:5", "0:9", "1:3", "1:4", "1:6"]);
    expect(second.acknowledged.at(-1)).toBe(6);
  });

  it("begins anew from what the database says after a crash that has forgotten what was stored last", async () => {
    await desk.start();
    const first = await desk.whenReading();
    const stream = inStream(logOf(0, [2, 5, 9, 12]));
    for (const entry of stream.slice(0, 3)) await first.deliver([entry]);
    await forgetFrom({ position: 5, sequence: 2, count: 2 });
    expect(
      await first.deliver(stream.slice(3)),
      "it is not stored behind what was forgotten",
    ).toBeUndefined();
    expect(await desk.stored()).toEqual(["0:2"]);
    const second = await desk.whenReading();
    expect(second.reader.after).toBe(1);
    await second.deliver(stream.slice(1));
    expect(await desk.stored()).toEqual(["0:2", "0:5", "0:9", "0:12"]);
    expect(await desk.receipts()).toEqual({ marks: new Map([[0, 12]]), sequence: 4, count: 2 });
  });

  /** Undoes the last storings, as a server does that crashes before it has written them to its disk. */
  async function forgetFrom(lost: { position: number; sequence: number; count: number }): Promise<void> {
    await desk.inbox.pool.query(`delete from ${desk.inbox.store.table("inbox")} where position >= $1`, [
      lost.position,
    ]);
    await desk.inbox.pool.query(
      `delete from ${desk.inbox.store.table("cursors")} where subscription = 'desk@inbox' and position >= case partition
         when -1 then $1::bigint when -2 then $2::bigint else $3::bigint end`,
      [lost.sequence, lost.count, lost.position],
    );
  }

  it("stores nothing more, also not what arrives late", async () => {
    await desk.start();
    const first = await desk.whenReading();
    first.end(new Error("The consumer is gone."));
    await expect(first.reader.receive(inStream(logOf(0, [2])))).rejects.toThrow("The reading has ended");
    expect(await desk.stored()).toEqual([]);
  });
});

describe("several processes", () => {
  it("read one at a time: another takes over at once when the first stops, and goes on where it was", async () => {
    const other = new ScriptedBroker();
    const first = await desk.start();
    const stream = inStream(logOf(0, [2, 5, 9]));
    await (await desk.whenReading()).deliver(stream.slice(0, 2));
    const second = await desk.start(other);
    await second.tend();
    expect(other.readings).toEqual([]);
    await first.stop();
    const begun = performance.now();
    void second.tend();
    const reading = await desk.whenReading(other);
    expect(performance.now() - begun, "it need not wait for the lease to end").toBeLessThan(2_000);
    expect(reading.reader.after).toBe(2);
    await reading.deliver(stream);
    expect(await desk.stored()).toEqual(["0:2", "0:5", "0:9"]);
  });

  it("do not both store: one whose lease has passed to another is refused, and reads no more", async () => {
    await desk.start();
    const reading = await desk.whenReading();
    await desk.inbox.pool.query(`update ${desk.inbox.store.table("leases")} set expires_at = '-infinity'`);
    await new Leases(desk.inbox.pool, desk.inbox.store).take(["desk shop"]);
    expect(await reading.deliver(inStream(logOf(0, [2])))).toBeUndefined();
    expect(await desk.stored()).toEqual([]);
    expect(desk.broker.reading).toBeUndefined();
  });
});
