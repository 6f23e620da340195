import type { Host } from "tidings";
import { expect } from "vitest";
import { until } from "../probe.ts";
import { type Change, changeIn } from "./ledger.ts";
import { spreadKeys } from "./load.ts";
import { seed } from "./random.ts";
import type { Trial } from "./trial.ts";

/** Whose effects are meant: where nothing is said those of the follower, not counting its projection `tally`. */
export interface EffectFilter {
  readonly reader?: "follower" | "auditor";
  /** Those of one instance. */
  readonly by?: string;
}

export async function countEffects(
  trial: Trial,
  { reader = "follower", by }: EffectFilter = {},
): Promise<number> {
  const { rows } = await trial
    .database(reader)
    .query(`select count(*)::int as count from ${reader}.effects where coalesce(by = $1, by <> 'tally')`, [
      by,
    ]);
  return rows[0].count;
}

/** By key: the versions in the order in which they took effect. */
export async function versionsByKey(
  trial: Trial,
  { reader = "follower", by }: EffectFilter = {},
): Promise<Map<string, number[]>> {
  const { rows } = await trial
    .database(reader)
    .query<Change>(
      `select key, version from ${reader}.effects where coalesce(by = $1, by <> 'tally') order by place`,
      [by],
    );
  const byKey = Map.groupBy(rows, ({ key }) => key);
  return new Map([...byKey].map(([key, changes]) => [key, changes.map(({ version }) => version)]));
}

/** By key: 1, 2, 3… up to the version that its account has. What {@link versionsByKey} is to become. */
async function committedByKey(trial: Trial): Promise<Map<string, number[]>> {
  const { rows } = await trial.database("ledger").query<Change>("select key, version from ledger.accounts");
  return new Map(
    rows.map(({ key, version }) => [key, Array.from({ length: version }, (_, index) => index + 1)]),
  );
}

/**
 * Waits until all that the ledger has recorded has taken effect, and expects each effect once, by key in commit order,
 * which is also the order of the log. Before it looks, it has one more message of each partition handled: what the
 * transport delivers twice or late has arrived by then.
 */
export async function expectAllOnceInOrder(
  trial: Trial,
  host: Host,
  filter: EffectFilter & { readonly timeout?: number } = {},
): Promise<void> {
  await host.transaction("ledger", async (tx) => {
    for (const key of spreadKeys) await changeIn(tx, key);
  });
  const committed = await committedByKey(trial);
  const total = [...committed.values()].reduce((sum, versions) => sum + versions.length, 0);
  const { timeout = 20_000 } = filter;
  await until(
    `all ${total} messages have taken effect`,
    async () => (await countEffects(trial, filter)) >= total,
    {
      timeout,
    },
  ).catch((error: unknown) => {
    trial.notes.push(String(error));
  });
  const notes = trial.notes.join(" ");
  expect(await versionsByKey(trial, filter), `seed ${seed}. ${notes}`).toEqual(committed);
  expect(await handledOrder(trial, filter), `seed ${seed}. ${notes}`).toEqual(await recordedOrder(trial));
}

type IdsByKey = Map<string, string[]>;

async function recordedOrder(trial: Trial): Promise<IdsByKey> {
  const { rows } = await trial
    .database("ledger")
    .query(
      "select key, array_agg(id::text order by position) as ids from ledger.tidings_outbox group by key",
    );
  return new Map(rows.map(({ key, ids }) => [key, ids]));
}

async function handledOrder(trial: Trial, { reader = "follower", by }: EffectFilter): Promise<IdsByKey> {
  const { rows } = await trial.database(reader).query(
    `select key, array_agg(message::text order by place) as ids from ${reader}.effects
     where coalesce(by = $1, by <> 'tally') group by key`,
    [by],
  );
  return new Map(rows.map(({ key, ids }) => [key, ids]));
}

/** The time by the clock of the follower's database, as effects note it. */
export async function effectTime(trial: Trial): Promise<string> {
  const { rows } = await trial.database("follower").query("select clock_timestamp()::text as now");
  return rows[0].now;
}

/** Waits until each of the keys that {@link Load} changes, so each partition, has had an effect after some time. */
export async function whenAllGoOn(trial: Trial, since: string, timeout: number): Promise<void> {
  const look = async () => {
    const { rows } = await trial
      .database("follower")
      .query(
        "select count(distinct key)::int as keys from follower.effects where at > $1 and key = any($2)",
        [since, spreadKeys],
      );
    return rows[0].keys as number;
  };
  await until(`all ${spreadKeys.length} keys go on`, async () => (await look()) === spreadKeys.length, {
    timeout,
  });
}
