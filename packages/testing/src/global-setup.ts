import { chmodSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startEmbeddedPostgres } from "tidings/embedded-postgres";
import { databaseUrlVariable } from "./database.ts";
import { findNatsServer } from "./nats-binary.ts";

/**
 * Starts one PostgreSQL for a whole test run, and leaves nothing behind. With `TEST_DATABASE_URL` set (the address of
 * a superuser's database) that server is used instead. Tests and the processes they start find it in the environment.
 * `nats-server` is installed, where that may be; the tests that need it say what to do where it may not.
 */
export default async function setup(): Promise<() => Promise<void>> {
  await findNatsServer().catch(() => {});
  const given = process.env.TEST_DATABASE_URL;
  if (given) {
    process.env[databaseUrlVariable] = given;
    return async () => {};
  }
  const directory = mkdtempSync(join(tmpdir(), "tidings-test-"));
  try {
    chmodSync(directory, 0o755);
    const postgres = await startEmbeddedPostgres({
      directory,
      settings: { fsync: "off", synchronous_commit: "on", max_connections: "300" },
    });
    process.env[databaseUrlVariable] = postgres.url;
    const data = realpathSync(join(directory, "data"));
    return async () => {
      await postgres.close();
      for (const path of [dirname(data), directory]) rmSync(path, { recursive: true, force: true });
    };
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}
