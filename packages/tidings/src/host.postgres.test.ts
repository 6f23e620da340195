import { refuse } from "@tidings/core";
import { partitionOf } from "@tidings/core/internal";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { defineService } from "./define-service.ts";
import { publish } from "./delivery.fixture.ts";
import { change, changeIn, countEffects, follower, ledger } from "./promises/ledger.fixture.ts";
import { Sandbox } from "./promises/sandbox.fixture.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await Sandbox.create();
});
afterEach(() => sandbox.close());

it("returns what a transaction returned, after its commit", async () => {
  const host = await sandbox.host([ledger]);
  expect(await change(host, "key")).toBe(1);
  const { rows } = await sandbox.pool.query("select version from ledger.accounts");
  expect(rows).toEqual([{ version: 1 }]);
});

it("tells where the messages of a transaction stand", async () => {
  const host = await sandbox.host([ledger]);
  const { result, positions } = await host.commit("ledger", async (tx) => {
    for (const key of ["a", "b", "a"]) await changeIn(tx, key);
    return "result";
  });
  expect(result).toBe("result");
  const { rows } = await sandbox.pool.query(
    "select partition, max(position)::int as position from ledger.tidings_outbox group by 1",
  );
  expect(positions).toEqual(new Map(rows.map(({ partition, position }) => [partition, position])));
  expect([...positions.keys()].sort()).toEqual([partitionOf("a", 32), partitionOf("b", 32)].sort());
});

it("has recorded nothing anywhere when the transaction is refused", async () => {
  const host = await sandbox.host([ledger]);
  const refusal = refuse("rule", "Not today.");
  const committed = await host.commit("ledger", async (tx) => {
    await changeIn(tx, "key");
    return refusal;
  });
  expect(committed).toEqual({ result: refusal, positions: new Map() });
});

it("carries the cause that a transaction is given", async () => {
  const host = await sandbox.host([ledger]);
  const [correlationId, causationId] = [
    "0198c2f0-0000-7000-8000-000000000001",
    "0198c2f0-0000-7000-8000-000000000002",
  ];
  await host.transaction("ledger", (tx) => changeIn(tx, "key"), {
    correlationId,
    causationId,
    headers: { actor: "ann" },
  });
  const { rows } = await sandbox.pool.query(
    "select correlation_id, causation_id, headers from ledger.tidings_outbox",
  );
  expect(rows).toEqual([
    { correlation_id: correlationId, causation_id: causationId, headers: { actor: "ann" } },
  ]);
});

it("begins a chain with the first message's own id", async () => {
  const host = await sandbox.host([ledger]);
  await publish(host, ["a", "b"]);
  const { rows } = await sandbox.pool.query(
    "select id, correlation_id, causation_id from ledger.tidings_outbox order by position",
  );
  for (const { id, correlation_id, causation_id } of rows) {
    expect([correlation_id, causation_id]).toEqual([id, null]);
  }
});

it("says that it does not run a service", async () => {
  const host = await sandbox.host([ledger]);
  await expect(host.transaction("follower", async () => {})).rejects.toThrow("does not run follower");
  expect(() => host.outbox("follower")).toThrow("does not run follower");
});

it("leaves no connection behind when it cannot start", async () => {
  const broken = defineService("broken", { migrations: [{ name: "0001", sql: "create nonsense" }] });
  await expect(sandbox.host([ledger, broken])).rejects.toThrow("syntax error");
  await until("its connections are gone", async () => (await connections()) === 0);
});

it("is closed when each of two calls to close it says so, and leaves no connection behind", async () => {
  const host = await sandbox.host([ledger, follower()]);
  await change(host, "key");
  await until("its message is handled", async () => (await countEffects(sandbox.pool)) === 1);
  let isFirstClosed = false;
  const first = host.close().then(() => {
    isFirstClosed = true;
  });
  await host.close();
  expect(isFirstClosed).toBe(true);
  await first;
  await until("its connections are gone", async () => (await connections()) === 0);
});

async function connections(): Promise<number> {
  const { rows } = await sandbox.pool.query(
    `select count(*)::int as count from pg_stat_activity
     where datname = current_database() and application_name ~ 'tidings|ledger|follower|broken'`,
  );
  return rows[0].count;
}
