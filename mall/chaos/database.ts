import pg from "pg";

/** Runs a statement with parameters and returns its rows. */
export type Query = <Row>(text: string, values?: readonly unknown[]) => Promise<Row[]>;

const connectTimeoutMs = 5_000;
const statementTimeoutMs = 60_000;

/** Connects to a database for as long as `work` takes. @throws what connecting or the work throws */
export async function withDatabase<Result>(
  url: string,
  work: (query: Query) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "chaos",
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs,
  });
  client.on("error", () => {}); // the statement that needs the connection says so
  await client.connect();
  try {
    return await work(async <Row>(text: string, values: readonly unknown[] = []) => {
      const { rows } = await client.query(text, [...values]);
      return rows as Row[];
    });
  } finally {
    await client.end();
  }
}

/** The address of another database of the same server. */
export function databaseAt(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** The same database, for the superuser of its server. */
export function asAdmin(databaseUrl: string, adminUrl: string): string {
  return databaseAt(adminUrl, new URL(databaseUrl).pathname.slice(1));
}
