import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const script = join(import.meta.dirname, "postgres/create-databases.sh");
const psql = "psql";
const hasPsql = spawnSync(psql, ["--version"]).status === 0;
const unchecked = hasPsql ? "" : " (not checked: there is no psql)";

const suffix = randomBytes(6).toString("hex");
const services = [`first${suffix}`, `second${suffix}`] as const;
const passwords = [`it's "${suffix}" $1`, randomBytes(16).toString("hex")] as const;

afterAll(() => {
  if (!hasPsql) return;
  for (const service of services) asAdmin(`drop database if exists mall_${service} with (force)`);
  for (const service of services) asAdmin(`drop role if exists mall_${service}`);
  asAdmin("grant connect, temporary on database postgres to public");
  asAdmin("grant connect on database template1 to public");
});

test.skipIf(!hasPsql)(
  `each service gets a database that only its own role may connect to${unchecked}`,
  () => {
    const [first, second] = services;
    const variables = Object.fromEntries(
      services.map((name, at) => [`${name.toUpperCase()}_DATABASE_PASSWORD`, passwords[at] ?? ""]),
    );
    const created = spawnSync("sh", [script], {
      encoding: "utf8",
      env: {
        ...surroundings(),
        ...variables,
        MALL_SERVICES: services.join(" "),
        POSTGRES_USER: admin().username,
      },
    });
    expect([created.status, created.stderr]).toEqual([0, ""]);

    const own = asRole(
      0,
      first,
      "create schema shop; create table shop.goods (id int); select count(*) from shop.goods",
    );
    expect([own.status, own.stdout.trim()]).toEqual([0, "0"]);
    for (const database of [`mall_${second}`, "postgres", "template1"]) {
      const foreign = query(roleUrl(0, first, database), "select 1");
      expect(foreign.status, database).not.toBe(0);
      expect(foreign.stderr).toContain("permission denied for database");
    }
    const wrong = query(roleUrl(1, first, `mall_${first}`), "select 1");
    expect(wrong.stderr).toContain("password authentication failed");
    const rights = asAdmin(
      `select bool_or(rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls)
     from pg_roles where rolname like 'mall_%${suffix}'`,
    );
    expect(rights.stdout.trim()).toBe("f");
  },
);

test.skipIf(!hasPsql)(`a password that is missing is named, and nothing is created${unchecked}`, () => {
  const { status, stderr } = spawnSync("sh", [script], {
    encoding: "utf8",
    env: { ...surroundings(), MALL_SERVICES: `third${suffix}`, POSTGRES_USER: admin().username },
  });
  expect(status).not.toBe(0);
  expect(stderr).toContain(`THIRD${suffix.toUpperCase()}_DATABASE_PASSWORD`);
  expect(asAdmin(`select count(*) from pg_roles where rolname = 'mall_third${suffix}'`).stdout.trim()).toBe(
    "0",
  );
});

function admin(): URL {
  const url = process.env.TIDINGS_TEST_DATABASE_URL;
  if (!url) throw new Error("There is no test server.");
  return new URL(url);
}

/** As the server's own image has it: psql knows where the server is. */
function surroundings(): NodeJS.ProcessEnv {
  const { hostname, port, password } = admin();
  return { PATH: process.env.PATH, PGHOST: hostname, PGPORT: port, PGPASSWORD: decodeURIComponent(password) };
}

function asAdmin(statement: string): SpawnSyncReturns<string> {
  return query(admin().href, statement);
}

function asRole(password: 0 | 1, service: string, statement: string): SpawnSyncReturns<string> {
  return query(roleUrl(password, service, `mall_${service}`), statement);
}

function roleUrl(password: 0 | 1, service: string, database: string): string {
  const url = admin();
  url.username = `mall_${service}`;
  url.password = encodeURIComponent(passwords[password]);
  url.pathname = `/${database}`;
  return url.href;
}

function query(url: string, statement: string): SpawnSyncReturns<string> {
  const args = [
    "--no-psqlrc",
    "--tuples-only",
    "--no-align",
    "--quiet",
    "--dbname",
    url,
    "--command",
    statement,
  ];
  return spawnSync(psql, args, { encoding: "utf8" });
}
