import { until } from "@tidings/testing";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { createInbox, type Inbox } from "./inbox.fixture.ts";
import { Leases, leaseMs } from "./leases.ts";

let inbox: Inbox;
beforeAll(async () => {
  inbox = await createInbox();
});
afterAll(() => inbox.close());
beforeEach(() => inbox.pool.query(`delete from ${inbox.store.table("leases")}`));

const leasesOfProcess = () => new Leases(inbox.pool, inbox.store);

async function expireAll(): Promise<void> {
  await inbox.pool.query(
    `update ${inbox.store.table("leases")} set expires_at = clock_timestamp() - interval '1 ms'`,
  );
}

async function left(name: string): Promise<number> {
  const { rows } = await inbox.pool.query(
    `select extract(epoch from expires_at - clock_timestamp()) * 1000 as left from ${inbox.store.table("leases")}
     where name = $1`,
    [name],
  );
  return Number(rows[0].left);
}

it("belongs to one process, and others get what is free", async () => {
  const [one, other] = [leasesOfProcess(), leasesOfProcess()];
  expect([...(await one.take(["a", "b"])).keys()].sort()).toEqual(["a", "b"]);
  expect([...(await other.take(["a", "b", "c"])).keys()]).toEqual(["c"]);
  expect([...(await one.take(["a", "b", "c"])).keys()].sort()).toEqual(["a", "b"]);
});

it("has one owner when several processes ask for it at the same moment", async () => {
  const names = ["a", "b", "c", "d"];
  const processes = Array.from({ length: 8 }, leasesOfProcess);
  const held = await Promise.all(processes.map((leases, index) => leases.take(turned(names, index))));
  expect(held.flatMap((leases) => [...leases.keys()]).sort()).toEqual(names);
});

function turned(names: readonly string[], index: number): string[] {
  return [...names.slice(index % names.length), ...names.slice(0, index % names.length)];
}

it("keeps its token when it is renewed, and gets a new one with a new owner", async () => {
  const [one, other] = [leasesOfProcess(), leasesOfProcess()];
  const first = (await one.take(["a"])).get("a");
  await inbox.pool.query(
    `update ${inbox.store.table("leases")} set expires_at = clock_timestamp() + interval '50 ms'`,
  );
  expect((await one.take(["a"])).get("a")).toEqual(first);
  expect(await left("a"), "it lasts for its full time again").toBeGreaterThan(leaseMs / 2);
  await expireAll();
  const second = (await other.take(["a"])).get("a");
  expect(Number(second?.token)).toBe(Number(first?.token) + 1);
  await expireAll();
  expect(Number((await one.take(["a"])).get("a")?.token)).toBe(Number(first?.token) + 2);
});

it("can be taken when its time has passed by the server's clock, and no sooner", async () => {
  const [one, other] = [leasesOfProcess(), leasesOfProcess()];
  await one.take(["a"]);
  expect(await left("a")).toBeLessThanOrEqual(leaseMs);
  let stillLeft = leaseMs;
  const begun = performance.now();
  await until("it is free", async () => {
    const before = await left("a");
    const held = await other.take(["a"]);
    if (held.size === 0) stillLeft = before;
    return held.size > 0;
  });
  expect(performance.now() - begun).toBeGreaterThan(leaseMs - 500);
  expect(stillLeft, "it was asked for until its end").toBeLessThan(500);
  expect((await one.take(["a"])).size).toBe(0);
});

it("is handed over at once when it is released, and only the releaser's own is", async () => {
  const [one, other, third] = [leasesOfProcess(), leasesOfProcess(), leasesOfProcess()];
  await one.take(["a"]);
  await third.take(["b"]);
  await one.release();
  expect([...(await other.take(["a", "b"])).keys()]).toEqual(["a"]);
  expect((await one.take(["a"])).size).toBe(0);
});
