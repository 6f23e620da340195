import { readFile } from "node:fs/promises";
import { withClient, withDatabase } from "./database.ts";
import { withHost } from "./hosts.ts";
import { billing, ordering } from "./workload.ts";

/**
 * The processor time of a host with nothing to do, and of the server's processes that serve it.
 * @returns per cent of one core
 */
export async function measureIdle(serverUrl: string, seconds: number): Promise<number> {
  return withDatabase(serverUrl, (url) =>
    withHost(url, [ordering, billing], { producers: 16 }, async () => {
      await pause(5_000);
      const before = await used(url);
      await pause(seconds * 1_000);
      const after = await used(url);
      return (100 * (after - before)) / seconds;
    }),
  );
}

/** Seconds of processor time so far: this process, and the server processes of the database (where /proc shows them). */
async function used(url: string): Promise<number> {
  const { user, system } = process.cpuUsage();
  const pids = await withClient(url, async (client) => {
    const { rows } = await client.query(
      "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    );
    return rows.map((row) => row.pid as number);
  });
  const server = await Promise.all(pids.map(secondsOf));
  return (user + system) / 1e6 + server.reduce((sum, seconds) => sum + seconds, 0);
}

/** Fields 14 and 15 of /proc/<pid>/stat, in ticks of 10 ms; see proc(5). */
async function secondsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
