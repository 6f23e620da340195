import { TidingsError } from "@tidings/core";
import pg from "pg";

/**
 * A connection of its own, or one sentence that says why there is none. The password is never part of it.
 * @throws TidingsError `database-unreachable`, `configuration-invalid`
 */
export async function connect(url: string, name: string): Promise<pg.Client> {
  const where = describe(url);
  const client = new pg.Client({
    connectionString: url,
    application_name: name,
    connectionTimeoutMillis: 10_000,
  });
  client.on("error", () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    const reason = (error as Error).message || String((error as { code?: string }).code);
    throw new TidingsError("database-unreachable", `The database ${where} cannot be reached: ${reason}.`, {
      cause: error,
    });
  }
}

function describe(url: string): string {
  if (!URL.canParse(url) || new URL(url).pathname.includes("@")) {
    throw new TidingsError(
      "configuration-invalid",
      "DATABASE_URL is not a URL: write postgres://user:password@host:port/database.",
    );
  }
  const { host, pathname } = new URL(url);
  return `${pathname.slice(1)} at ${host}`;
}
