import type { BatchStep } from "@tidings/postgres/internal";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Sandbox } from "./sandbox.fixture.ts";
import {
  allEffects,
  allUndone,
  desk,
  effectsOf,
  owners,
  refuseFor,
  request,
  tripOf,
  trips,
  whenTripIs,
} from "./trips.fixture.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await Sandbox.create();
});
afterEach(() => sandbox.close());

async function haveEnded(): Promise<boolean> {
  const all = await Promise.all(["good", "bad"].map((trip) => tripOf(sandbox.pool, trip)));
  return all.every(({ endedAt }) => endedAt !== null);
}

/**
 * One life after the other, each killed at `step` once it has done so many things. One in which nothing was committed,
 * as all was done in one batch, is followed by one that may do one thing more.
 * @returns what the lives that were killed had done
 */
async function liveAndDie(step: BatchStep, usual: number): Promise<string[][]> {
  const lives: string[][] = [];
  for (let count = usual, known = ""; ; ) {
    const program = sandbox.program("traveller", [step, String(count)]);
    await until("it dies, or all is done", async () => !program.isRunning || (await haveEnded()), {
      timeout: 30_000,
    });
    if (program.isRunning) return lives;
    expect(await program.ended, program.output).toBe("SIGKILL");
    lives.push(program.output.trim().split("\n").at(-1)?.split(" ") ?? []);
    const reached = await progress();
    count = reached === known ? count + 1 : usual;
    known = reached;
  }
}

/** Differs whenever something was committed. */
async function progress(): Promise<string> {
  const logs = ["trips", "desk", "flights", "hotels", "cars", "cards"].map(
    (service) => `select max(position) as position from ${service}.tidings_outbox`,
  );
  const { rows } = await sandbox.pool.query(logs.join(" union all "));
  return JSON.stringify(rows);
}

const everyCommand = [
  ...["flights.Reserve", "hotels.Reserve", "cars.Reserve", "cards.Charge", "flights.Issue"],
  ...["flights.Cancel", "hotels.Cancel", "cars.Cancel", "desk.Close"],
];

/**
 * A life that dies after the first thing that it has done and committed walks through the whole workflow, a step each.
 * One that dies before the second is committed does the same, and the next life does the second again.
 */
it.each([
  ["committed", 1],
  ["handled", 2],
  ["claimed", 2],
] as const)(
  "ends as completed or as compensated, each effect once, though killed each time when %s",
  {
    timeout: 120_000,
  },
  async (step, count) => {
    const first = await sandbox.host([desk, trips(), ...owners]);
    await refuseFor(sandbox.pool, "cards.Charge", ["bad"]);
    await first.close();
    const host = await sandbox.host([desk]);
    await request(host, "good");
    await request(host, "bad");
    await host.close();
    const lives = await liveAndDie(step, count);
    expect(await whenTripIs(sandbox.pool, "good", "completed")).toMatchObject({ aborted: false });
    expect(await whenTripIs(sandbox.pool, "bad", "compensated")).toMatchObject({ reason: "charge-refused" });
    expect(await effectsOf(sandbox.pool, "good")).toEqual(allEffects);
    expect(await effectsOf(sandbox.pool, "bad")).toEqual(allUndone);
    const killedAt = new Set(lives.flat());
    if (step !== "claimed")
      expect([...killedAt], "what they died at").toEqual(expect.arrayContaining(everyCommand));
    expect(lives.length).toBeGreaterThan(5);
  },
);
