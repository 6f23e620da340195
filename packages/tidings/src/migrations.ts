import { readdir, readFile } from "node:fs/promises";
import type { Migration } from "@tidings/postgres";

/** A service's migrations: given as they are, or the `.sql` files of a folder in the order of their names. */
export async function readMigrations(source: URL | readonly Migration[]): Promise<readonly Migration[]> {
  if (!(source instanceof URL)) return source;
  const folder = new URL(`${source.href.replace(/\/$/, "")}/`);
  const names = (await readdir(source)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(
    names.map(async (name) => ({
      name: name.slice(0, -4),
      sql: await readFile(new URL(name, folder), "utf8"),
    })),
  );
}
