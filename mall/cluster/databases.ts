import { Client, escapeIdentifier, escapeLiteral } from "pg";

/** The name of a service's database, and of the role that owns it. */
function nameOf(service: string): string {
  return `mall_${service}`;
}

/**
 * Makes a database for each service and a role that owns it, of the same name: it can connect to this database and to no
 * other. What is there already is kept; passwords and rights are set anew.
 *
 * @param adminUrl a superuser's
 * @param passwords of the role of each service
 * @returns where each service finds its database, with its role and password
 */
export async function prepareDatabases(
  adminUrl: string,
  passwords: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await closeToPublic(client, "postgres");
    await closeToPublic(client, "template1");
    const urls = new Map<string, string>();
    for (const [service, password] of Object.entries(passwords)) {
      const name = nameOf(service);
      await prepareRole(client, name, password);
      await prepareDatabase(client, name);
      urls.set(service, urlFor(adminUrl, name, password));
    }
    return Object.fromEntries(urls);
  } finally {
    await client.end();
  }
}

async function prepareRole(client: Client, name: string, password: string): Promise<void> {
  const role = escapeIdentifier(name);
  const { rowCount } = await client.query("select from pg_roles where rolname = $1", [name]);
  if (rowCount === 0) await client.query(`create role ${role}`);
  await client.query(
    `alter role ${role} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password ${escapeLiteral(password)}`,
  );
}

async function prepareDatabase(client: Client, name: string): Promise<void> {
  const { rowCount } = await client.query("select from pg_database where datname = $1", [name]);
  const database = escapeIdentifier(name);
  if (rowCount === 0) await client.query(`create database ${database} owner ${database}`);
  await closeToPublic(client, name);
}

/** Otherwise every role may connect to every database. */
async function closeToPublic(client: Client, name: string): Promise<void> {
  await client.query(`revoke all on database ${escapeIdentifier(name)} from public`);
}

function urlFor(adminUrl: string, name: string, password: string): string {
  const url = new URL(adminUrl);
  url.username = name;
  url.password = password;
  url.pathname = `/${name}`;
  return url.href;
}
