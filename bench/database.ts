import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "tidings/embedded-postgres";

/** A server for this run alone, with PostgreSQL's own durable defaults, or the one at BENCH_DATABASE_URL. */
export async function startServer(): Promise<{ url: string; close(): Promise<void> }> {
  const given = process.env.BENCH_DATABASE_URL;
  if (given) return { url: given, close: async () => {} };
  const directory = await mkdtemp(join(tmpdir(), "tidings-bench-"));
  const server = await startEmbeddedPostgres({ directory });
  return {
    url: server.url,
    close: async () => {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Lends a new, empty database, and drops it afterwards. */
export async function withDatabase<T>(serverUrl: string, use: (url: string) => Promise<T>): Promise<T> {
  const name = `bench_${process.pid}_${counter++}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await administer(serverUrl, `create database ${name}`);
  try {
    return await use(url.href);
  } finally {
    await administer(serverUrl, `drop database ${name} with (force)`);
    await administer(serverUrl, "checkpoint");
  }
}

let counter = 0;

async function administer(url: string, statement: string): Promise<void> {
  await withClient(url, (client) => client.query(statement));
}

/** Lends a connection. */
export async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
