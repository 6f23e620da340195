import { setTimeout as pause } from "node:timers/promises";
import type { CollectedDatabase } from "./collect.ts";
import { type Query, withDatabase } from "./database.ts";

export interface QuietOptions {
  /** How long it may take. */
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

const lookEveryMs = 1_000;
/** Relays and subscriptions look for themselves once a second when nobody wakes them. */
const unchangedLooks = 4;

interface Look {
  /** Grows with everything that is recorded or handled. */
  readonly position: string;
  /** What has been begun and has not ended. */
  readonly open: readonly string[];
}

/**
 * Waits until nothing is under way in any service: no saga, operation or shopping list is open, no message is to be
 * tried again, and for some seconds nothing new was recorded or handled.
 * @returns what was still going on when the time was up; empty when all is quiet
 */
export async function untilQuiet(
  databases: readonly CollectedDatabase[],
  { withinMs, signal }: QuietOptions,
): Promise<readonly string[]> {
  const deadline = performance.now() + withinMs;
  let unchanged = 0;
  for (let before = ""; ; ) {
    const { position, open } = await lookAtAll(databases);
    unchanged = position === before ? unchanged + 1 : 0;
    before = position;
    if (unchanged >= unchangedLooks && open.length === 0) return [];
    if (performance.now() > deadline)
      return open.length > 0 ? open : ["something is recorded or handled all the time"];
    await pause(lookEveryMs, undefined, { signal });
  }
}

async function lookAtAll(databases: readonly CollectedDatabase[]): Promise<Look> {
  const looks: Look[] = [];
  for (const { service, url } of databases)
    looks.push(await withDatabase(url, (query) => lookAt(query, service)));
  return {
    position: looks.map(({ position }) => position).join(" "),
    open: looks.flatMap(({ open }) => open),
  };
}

/** Cursors are pruned now and then: only the highest of each subscription and partition count. */
async function lookAt(query: Query, service: string): Promise<Look> {
  const [moved] = await query<{ position: string }>(`
    select (select last_value from ${service}.tidings_outbox_position) || '/' || coalesce(sum(reached), 0) as position
    from (select max(position) as reached from ${service}.tidings_cursors group by subscription, source, partition) c`);
  const open = await query<{ what: string }>(`
    select 'saga ' || id as what from ${service}.tidings_sagas where ended_at is null
    union all select 'operation ' || kind || ' ' || id from ${service}.tidings_operations where not done
    union all select 'message ' || message_id || ' (' || state || ')' from ${service}.tidings_parked where state <> 'dead'
    ${service === "depot" ? "union all select 'shopping list ' || id from depot.shopping_lists where status in ('available', 'assigned')" : ""}`);
  return { position: moved?.position ?? "", open: open.map(({ what }) => `${service}: ${what}`) };
}
