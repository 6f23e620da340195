import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Host } from "tidings";
import type { Seeded } from "./seed.ts";

/** Where it is noted that a mall was seeded, and with what. */
export interface Kept {
  read(): Promise<Seeded | undefined>;
  write(seeded: Seeded): Promise<void>;
}

/** Notes it beside the services' schemas: for a mall of one process. */
export function keptInDatabase(host: Host): Kept {
  const { pool } = host.runtime("stores");
  return {
    async read() {
      await pool.query("create schema if not exists mall");
      await pool.query(
        "create table if not exists mall.seeded (id boolean primary key default true, result json not null)",
      );
      const { rows } = await pool.query<{ result: Seeded }>("select result from mall.seeded");
      return rows[0]?.result;
    },
    async write(seeded) {
      await pool.query("insert into mall.seeded (result) values ($1) on conflict do nothing", [
        JSON.stringify(seeded),
      ]);
    },
  };
}

/** Notes it in a file: for a mall whose databases nobody else may use. */
export function keptInFile(file: string): Kept {
  return {
    read: async () => (existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Seeded) : undefined),
    async write(seeded) {
      writeFileSync(`${file}.new`, JSON.stringify(seeded));
      renameSync(`${file}.new`, file);
    },
  };
}
