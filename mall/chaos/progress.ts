import pg from "pg";
import type { ProgressLog } from "./progress-log.ts";

const lookEveryMs = 200;
const lookTimeoutMs = 2_000;

/** The highest positions of ordering's events in all partitions: it grows whenever an order comes a step further. */
const stepsQuery = `
select coalesce(sum(position), 0)::text as steps from generate_series(0, (select partitions - 1 from tidings.services where name = 'ordering')) p,
  lateral (select position from ordering.tidings_events e where e.partition = p order by position desc limit 1) e`;

/**
 * Notes whenever an order has come a step further, by looking into the database of ordering five times a second; while
 * that cannot be reached, nothing is noted.
 * @returns how to end it
 */
export function watchProgress(orderingUrl: string, log: ProgressLog): () => Promise<void> {
  let isEnding = false;
  let client: pg.Client | undefined;
  let steps: string | undefined;
  let looking: Promise<void> = Promise.resolve();

  const look = async () => {
    try {
      client ??= await connect(orderingUrl);
      const { rows } = await client.query<{ steps: string }>(stepsQuery);
      if (steps !== undefined && rows[0]?.steps !== steps) log.note(performance.now());
      steps = rows[0]?.steps;
    } catch {
      const broken = client; // PostgreSQL is being restarted: look again with a new connection
      client = undefined;
      await broken?.end().catch(() => {});
    }
  };
  let isLooking = false;
  const timer = setInterval(() => {
    if (isLooking || isEnding) return;
    isLooking = true;
    looking = look().finally(() => {
      isLooking = false;
    });
  }, lookEveryMs);
  return async () => {
    isEnding = true;
    clearInterval(timer);
    await looking;
    await client?.end().catch(() => {});
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "chaos progress",
    connectionTimeoutMillis: lookTimeoutMs,
    query_timeout: lookTimeoutMs,
  });
  client.on("error", () => {}); // the next look says so
  await client.connect();
  return client;
}
