import { createTestDatabase, type TestDatabase } from "@tidings/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connect } from "./connect.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function failure(url: string): Promise<{ code?: string; message: string }> {
  return connect(url, "test").then(
    () => ({ message: "It connected." }),
    (error) => error,
  );
}

it("connects under its name, and lives on when the server ends the connection", async () => {
  const client = await connect(database.url, "its name");
  const { rows } = await client.query(
    "select pid, application_name as name from pg_stat_activity where pid = pg_backend_pid()",
  );
  expect(rows[0].name).toBe("its name");
  const killer = await connect(database.url, "killer");
  const ended = new Promise((resolve) => client.once("end", resolve));
  await killer.query("select pg_terminate_backend($1)", [rows[0].pid]);
  await ended;
  await killer.end();
});

it("says in one sentence where nothing answers, without the password", async () => {
  const { code, message } = await failure("postgres://ann:se%2Fcret@127.0.0.1:1/shop");
  expect(code).toBe("database-unreachable");
  expect(message).toBe(
    "The database shop at 127.0.0.1:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1.",
  );
});

it("says why the server does not let it in, without the password", async () => {
  const url = new URL(database.url);
  url.pathname = "/missing";
  const { code, message } = await failure(url.href);
  expect(code).toBe("database-unreachable");
  expect(message).toMatch(/^The database missing at .* cannot be reached: .*does not exist\.$/);
  expect(message).not.toContain(url.password || "no password");
});

it.each(["", "shop", "postgres://ann:se/cret@127.0.0.1/shop", "postgres://ann:12/34@127.0.0.1/shop"])(
  "says how a URL looks when it cannot read %j, and tells nothing of it",
  async (url) => {
    expect(await failure(url)).toMatchObject({
      code: "configuration-invalid",
      message: "DATABASE_URL is not a URL: write postgres://user:password@host:port/database.",
    });
  },
);
