import { rm } from "node:fs/promises";
import { join } from "node:path";
import { nats } from "@tidings/nats";
import { createTestDatabase, startNatsServer, until } from "@tidings/testing";
import { expect, it } from "vitest";
import { z } from "zod";
import { defineEvent, defineService, Host, on } from "../index.ts";

const Counted = defineEvent("counter.Counted", {
  key: "key",
  schema: z.object({ key: z.string(), number: z.int() }),
});
const counter = defineService("counter", { publishes: [Counted] });
const keys = ["north", "east", "south", "west"];

it("delivers what a broker has lost that comes back without its data", async () => {
  const server = await startNatsServer();
  const [ours, theirs] = [await createTestDatabase(), await createTestDatabase()];
  const log = { info: console.log, warn: console.log, error: console.error };
  const broker = nats({ servers: server.url });
  const seen = new Map<string, number[]>(keys.map((key) => [key, []]));
  const reader = defineService("reader", {
    reacts: [on(Counted, ({ data }) => void seen.get(data.key)?.push(data.number))],
  });
  const sender = await Host.start([counter], { databaseUrl: ours.url, broker, log });
  const startReader = () => Host.start([reader], { databaseUrl: theirs.url, broker, log });
  let next = 0;
  const count = async (upTo: number) => {
    for (; next < upTo; next++) {
      const number = next;
      await sender.transaction("counter", async (tx) => {
        for (const key of keys) tx.publish(Counted, { key, number });
      });
    }
  };
  const whenSeen = (amount: number) =>
    until(
      `${amount} of each key are seen`,
      () => [...seen.values()].every((numbers) => numbers.length === amount),
      {
        timeout: 30_000,
      },
    );
  let first = await startReader();
  try {
    await count(50);
    await whenSeen(50);
    await first.close();
    await count(100);
    await until("all of it is with the broker", async () => {
      const { account_details } = (await server.monitor("/jsz?streams=true")) as {
        account_details: { stream_detail: { name: string; state: { messages: number } }[] }[];
      };
      const streams = account_details.flatMap(({ stream_detail }) => stream_detail);
      return streams.some(({ name, state }) => name === "tidings-counter" && state.messages === 400);
    });
    await server.kill();
    await rm(join(server.directory, "jetstream"), { recursive: true });
    await server.restart();
    first = await startReader();
    await count(150);
    await whenSeen(150);
    const inOrder = Array.from({ length: 150 }, (_, number) => number);
    expect(seen).toEqual(new Map(keys.map((key) => [key, inOrder])));
  } finally {
    await Promise.all([first.close(), sender.close()]);
    await server.stop();
    await Promise.all([ours.drop(), theirs.drop()]);
  }
});
