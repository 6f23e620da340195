import { isRefusal, on, refuse, type Transaction } from "@tidings/core";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { publish, reader, whenRead } from "./delivery.fixture.ts";
import { Changed, changeIn, countEffects, follower, keysOf, ledger } from "./promises/ledger.fixture.ts";
import { Sandbox } from "./promises/sandbox.fixture.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await Sandbox.create();
});
afterEach(() => sandbox.close());

async function accounts(): Promise<string[]> {
  const { rows } = await sandbox.pool.query("select key from ledger.accounts order by key");
  return rows.map(({ key }) => key);
}

async function noted(): Promise<string[]> {
  const { rows } = await sandbox.pool.query("select by from follower.effects order by place");
  return rows.map(({ by }) => by);
}

/** A note in the reader's table, told from an effect by its `by`. */
function note(tx: Transaction, by: string) {
  return tx.query("insert into effects (message, key, version, by) values (gen_random_uuid(), '', 0, $1)", [
    by,
  ]);
}

it("stays when the transaction that it was apart from rolls back, and its messages are delivered", async () => {
  const host = await sandbox.host([ledger, follower()]);
  const failing = host.transaction("ledger", async (tx) => {
    await changeIn(tx, "rolled-back");
    await tx.apart((apart) => changeIn(apart, "apart"));
    expect(await accounts(), "it has committed at once").toEqual(["apart"]);
    throw new Error("No.");
  });
  await expect(failing).rejects.toThrow("No.");
  expect(await accounts()).toEqual(["apart"]);
  await until("its message is delivered", async () => (await countEffects(sandbox.pool)) === 1);
});

it("wakes the subscriptions as soon as it has committed", async () => {
  const host = await sandbox.host([ledger]);
  const woken: string[][] = [];
  host.runtime("ledger").context.committed = () => void accounts().then((keys) => woken.push(keys));
  await host.transaction("ledger", async (tx) => {
    await tx.apart((apart) => changeIn(apart, "apart"));
    expect(await until("it wakes", () => woken[0])).toEqual(["apart"]);
  });
});

it("continues the cause of the transaction that it is apart from", async () => {
  const host = await sandbox.host([ledger]);
  const cause = { correlationId: "request-1", causationId: null, headers: { actor: "mina" } };
  const seen = await host.transaction("ledger", (tx) => tx.apart(async ({ cause }) => cause), cause);
  expect(seen).toEqual(cause);
});

it("does not see what the other transaction has not committed", async () => {
  const host = await sandbox.host([ledger]);
  const seen = await host.transaction("ledger", async (tx) => {
    await changeIn(tx, "uncommitted");
    return tx.apart(async (apart) => (await apart.query("select key from accounts")).rows);
  });
  expect(seen).toEqual([]);
  expect(await accounts()).toEqual(["uncommitted"]);
});

it("rejects alone when it fails, and rolls back alone when it refuses: the other transaction goes on", async () => {
  const host = await sandbox.host([ledger]);
  const refused = await host.transaction("ledger", async (tx) => {
    await changeIn(tx, "kept");
    const failing = tx.apart(async (apart) => {
      await changeIn(apart, "failed");
      await apart.query("select 1 / 0");
    });
    await expect(failing).rejects.toThrow("division by zero");
    const outcome = await tx.apart(async (apart) => {
      await changeIn(apart, "refused");
      return refuse("not-now", "Not now.");
    });
    return { isRefused: isRefusal(outcome) };
  });
  expect(refused).toEqual({ isRefused: true });
  expect(await accounts()).toEqual(["kept"]);
});

it("is refused when the transaction that it would be apart from has ended", async () => {
  const host = await sandbox.host([ledger]);
  let ended: Transaction | undefined;
  await host.transaction("ledger", async (tx) => {
    ended = tx;
    await tx.query("select 1");
  });
  await expect(ended?.apart((apart) => changeIn(apart, "late"))).rejects.toMatchObject({
    code: "transaction-closed",
  });
  expect(await accounts()).toEqual([]);
});

it("is refused when the handler's time is up; one begun before goes on to its end", async () => {
  const host = await sandbox.host([ledger]);
  const outcome = Promise.withResolvers<unknown>();
  const slow = on(Changed, async (_, tx) => {
    const begun = tx.apart(async (apart) => {
      await note(apart, "before");
      await new Promise((resolve) => tx.signal.addEventListener("abort", resolve));
      await note(apart, "after");
    });
    await new Promise((resolve) => tx.signal.addEventListener("abort", resolve));
    await begun;
    tx.apart((apart) => note(apart, "late")).catch(outcome.resolve);
  });
  await sandbox.host([reader({ reacts: [slow], subscription: { handlerTimeoutMs: 200 } })]);
  await publish(host, ["a"]);
  expect(await outcome.promise).toMatchObject({ code: "transaction-closed" });
  expect(await noted()).toEqual(["before", "after"]);
});

it("stays when the handler that noted it fails", async () => {
  const host = await sandbox.host([ledger]);
  const failing = on(Changed, async (_, tx) => {
    await tx.apart((apart) => note(apart, "apart"));
    await note(tx, "handler");
    throw new Error("No.");
  });
  await publish(host, ["a"]);
  await sandbox.host([reader({ reacts: [failing] })]);
  await whenRead(sandbox);
  expect(await noted()).toEqual(["apart"]);
});

it("goes on when every connection for requests is held by a transaction that wants one apart", async () => {
  const host = await sandbox.host([ledger], { connections: { requests: 4, batches: 2 } });
  const keys = keysOf("key-", 12);
  const nested = (key: string) =>
    host.transaction("ledger", async (tx) => {
      await tx.query("select 1");
      await tx.apart((apart) => changeIn(apart, key));
    });
  await Promise.all(keys.map(nested));
  expect(await accounts()).toEqual(keys.toSorted());
});

it("is rolled back, and its connection closed, when the host stops hard", async () => {
  const host = await sandbox.host([ledger]);
  let isHeld = false;
  const held = host.transaction("ledger", (tx) =>
    tx.apart(async (apart) => {
      await changeIn(apart, "held");
      isHeld = true;
      await new Promise(() => {});
    }),
  );
  held.catch(() => {});
  await until("it is held", () => isHeld);
  await host.close(0);
  await until("its connection is gone", async () => {
    const { rowCount } = await sandbox.pool.query(
      "select from pg_stat_activity where datname = current_database() and application_name = 'ledger apart'",
    );
    return rowCount === 0;
  });
  expect(await accounts()).toEqual([]);
});
