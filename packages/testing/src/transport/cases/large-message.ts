import { createOutbox } from "@tidings/postgres";
import { publishIn } from "@tidings/postgres/pg";
import { expect, it } from "vitest";
import { until } from "../../probe.ts";
import { expectAllOnceInOrder } from "../effects.ts";
import { type Change, Changed, type ChangedEvent, changeIn, ledger, reader } from "../ledger.ts";
import type { Trial } from "../trial.ts";

const limit = 1_000_000;

/** A message may have 1,000,000 bytes of data, and not one more. */
export function largeMessage(trial: () => Trial): void {
  it("delivers a message of 1,000,000 bytes as it was, of whatever characters", async () => {
    const received = new Map<string, string>();
    const before = ({ data }: ChangedEvent) => received.set(data.key, data.text);
    const host = await trial().host(ledger);
    await trial().host(reader("follower", { before }));
    const texts = new Map([
      ["ascii", textOf("ascii", limit)],
      ["other", textOf("other", limit, "\u0001é漢😀")],
    ]);
    for (const [key, text] of texts) await host.transaction("ledger", (tx) => changeIn(tx, key, text));
    await until("both are handled", () => received.size === texts.size);
    for (const [key, text] of texts) expect(received.get(key) === text, key).toBe(true);
    await expectAllOnceInOrder(trial(), host);
  });

  it("refuses a larger one with an error that says so, and records nothing of its transaction", async () => {
    const host = await trial().host(ledger);
    await trial().host(reader("follower"));
    const text = textOf("large", limit + 1);
    const work = host.transaction("ledger", async (tx) => {
      await changeIn(tx, "small");
      await changeIn(tx, "large", text);
    });
    await expect(work).rejects.toMatchObject({ code: "message-too-large" });
    await expectRefusedInUserTransaction(trial(), text);
    const { rows } = await trial().database("ledger").query("select key from ledger.tidings_outbox");
    expect(rows).toEqual([]);
    await expectAllOnceInOrder(trial(), host);
  });
}

const outbox = createOutbox({ service: "ledger", publishes: [Changed] });

async function expectRefusedInUserTransaction(trial: Trial, text: string): Promise<void> {
  const client = await trial.database("ledger").connect();
  try {
    await client.query("begin");
    const recording = publishIn(client, outbox, Changed, { key: "large", version: 1, text });
    await expect(recording).rejects.toMatchObject({ code: "message-too-large" });
    await client.query("commit");
  } finally {
    client.release();
  }
}

/** A text that makes the data of an account's first change so many bytes large. */
function textOf(key: string, bytes: number, characters = "x"): string {
  const sizeOf = (text: string) =>
    Buffer.byteLength(JSON.stringify({ key, version: 1, text } satisfies Change));
  const empty = sizeOf("");
  const repeated = characters.repeat(Math.floor((bytes - empty) / (sizeOf(characters) - empty)));
  return repeated + "x".repeat(bytes - sizeOf(repeated));
}
