import { defineCommand, defineEvent, handles, on } from "@tidings/core";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { defineService } from "../define-service.ts";
import {
  Changed,
  changeIn,
  changeSchema,
  countEffects,
  effectsMigration,
  follower,
  keep,
  ledger,
} from "./ledger.fixture.ts";
import { Sandbox } from "./sandbox.fixture.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await Sandbox.create();
});
afterEach(() => sandbox.close());

/** Opens when it is told to. */
function gate() {
  let open = () => {};
  const whenOpen = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, whenOpen };
}

const Passed = defineEvent("relay.Passed", { key: "key", schema: changeSchema });

/** Passes the ledger's changes on once its gate is open. */
function relay(whenOpen: Promise<void>) {
  return defineService("relay", {
    publishes: [Passed],
    reacts: [
      on(Changed, async ({ data }, tx) => {
        await whenOpen;
        tx.publish(Passed, data);
      }),
    ],
  });
}

/** Keeps what was passed on, once its gate is open. */
function reader(whenOpen: Promise<void>) {
  const keepPassed = on(Passed, async (event, tx) => {
    await whenOpen;
    await keep(event as never, tx);
  });
  return follower({ reacts: [keepPassed], migrations: [effectsMigration] });
}

for (const processes of ["the same host", "another host"]) {
  it(`waits until a service has handled, by way of another one, what a client has seen; in ${processes}`, async () => {
    const [between, last] = [gate(), gate()];
    const services = [ledger, relay(between.whenOpen), reader(last.whenOpen)];
    const host = await sandbox.host(services);
    const asking = processes === "the same host" ? host : await sandbox.host([ledger]);
    const { positions } = await asking.commit("ledger", (tx) => changeIn(tx, "key"));
    const token = new Map([["ledger", positions]]);
    expect(await asking.gate.consistent(token, "follower", 100), "while the one in between waits").toBe(
      false,
    );
    between.open();
    expect(await asking.gate.consistent(token, "relay", 5_000)).toBe(true);
    expect(await asking.gate.consistent(token, "follower", 100), "while the last one waits").toBe(false);
    const consistent = asking.gate.consistent(token, "follower", 5_000);
    last.open();
    expect(await consistent).toBe(true);
    expect(await countEffects(sandbox.pool)).toBe(1);
  });
}

it("does not wait for services that the reader does not follow", async () => {
  const host = await sandbox.host([ledger, follower({ reacts: [] })]);
  const { positions } = await host.commit("ledger", (tx) => changeIn(tx, "key"));
  expect(await host.gate.consistent(new Map([["ledger", positions]]), "follower", 5_000)).toBe(true);
});

const Keep = defineCommand("clerk.Keep", { key: "key", schema: changeSchema, reply: changeSchema });

it("does not wait for what a service in between sends as commands", async () => {
  const between = gate();
  const relayOfCommands = defineService("relay", {
    sends: [Keep],
    reacts: [
      on(Changed, async ({ data }, tx) => {
        await between.whenOpen;
        tx.send(Keep, data);
      }),
    ],
  });
  const clerk = defineService("clerk", { accepts: [handles(Keep, async ({ data }) => data)] });
  const host = await sandbox.host([ledger, relayOfCommands, clerk]);
  const { positions } = await host.commit("ledger", (tx) => changeIn(tx, "key"));
  const token = new Map([["ledger", positions]]);
  expect(await host.gate.consistent(token, "relay", 100)).toBe(false);
  expect(await host.gate.consistent(token, "clerk", 5_000)).toBe(true);
  between.open();
});

const Unheard = defineEvent("ledger.Unheard", { key: "key", schema: changeSchema });

it("passes what does not concern the reader as soon as somebody waits for it", async () => {
  const talkative = defineService("ledger", {
    publishes: [Changed, Unheard],
    migrations: ledger.migrations,
  });
  const host = await sandbox.host([talkative, follower()]);
  for (let n = 1; n <= 10; n++) {
    const { positions } = await host.commit("ledger", async (tx) =>
      tx.publish(Unheard, { key: "key", version: n }),
    );
    const started = performance.now();
    expect(await host.gate.consistent(new Map([["ledger", positions]]), "follower", 5_000)).toBe(true);
    expect(performance.now() - started, "less than the poll's second").toBeLessThan(700);
  }
});

it("sees each of many writes at once when it waits for it", async () => {
  const host = await sandbox.host([ledger, follower()]);
  const writeAndRead = async (key: string) => {
    for (let n = 1; n <= 20; n++) {
      const { positions } = await host.commit("ledger", (tx) => changeIn(tx, key));
      expect(await host.gate.consistent(new Map([["ledger", positions]]), "follower", 5_000)).toBe(true);
      const { rows } = await sandbox.pool.query(
        "select max(version) as version from follower.effects where key = $1",
        [key],
      );
      expect(rows).toEqual([{ version: n }]);
    }
  };
  await Promise.all(["a", "b", "c"].map(writeAndRead));
  await until("all are handled", async () => (await countEffects(sandbox.pool)) === 60);
});
