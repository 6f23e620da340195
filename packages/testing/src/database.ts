import { randomUUID } from "node:crypto";
import { Client, escapeIdentifier } from "pg";

/** Names the environment variable with the address of the test server, for tests and the processes they start. */
export const databaseUrlVariable = "TIDINGS_TEST_DATABASE_URL";

export interface TestDatabase {
  readonly url: string;
  /** Removes the database and cuts the connections to it. Repeats are harmless. */
  drop(): Promise<void>;
}

/**
 * Creates a database of its own name on the test server, empty or a copy of `template` (to which nobody may be
 * connected meanwhile). What a test file forgets to drop goes with the server.
 */
export async function createTestDatabase(options: { template?: string } = {}): Promise<TestDatabase> {
  const url = new URL(adminUrl());
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  const template = options.template ? ` TEMPLATE ${escapeIdentifier(options.template)}` : "";
  await administer(`CREATE DATABASE ${name}${template}`);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

function adminUrl(): string {
  const url = process.env[databaseUrlVariable];
  if (url) return url;
  throw new Error(
    `There is no test server: ${databaseUrlVariable} is not set (Vitest's globalSetup "@tidings/testing/global-setup" sets it).`,
  );
}

async function administer(statement: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl() });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
