import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  inCapitals,
  root,
  servicesOfTheMall,
  settingsIn,
  text,
  upstreamOf,
  yamlIn,
} from "./files.fixture.ts";

interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

interface ComposeService {
  readonly image: string;
  readonly build?: { readonly context: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly deploy?: { readonly replicas: number };
  readonly networks?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
}

const compose = yamlIn("compose.yaml") as Compose;
const services = servicesOfTheMall();
const openssl = "openssl";
const all = Object.entries(compose.services);
const programs = all.filter(([, { image }]) => image.includes("MALL_IMAGE"));

function serviceOf(name: string): ComposeService {
  const found = compose.services[name];
  if (!found) throw new Error(`compose.yaml has no ${name}.`);
  return found;
}

test("every service of the Mall runs when its migration has ended well, and is watched", () => {
  for (const name of services) {
    const service = serviceOf(name);
    expect(service.command, name).toEqual(["mall/serve.ts", name]);
    expect(serviceOf(`migrate-${name}`).command).toEqual(["mall/serve.ts", name, "--migrate"]);
    expect(service.depends_on, name).toEqual({
      [`migrate-${name}`]: { condition: "service_completed_successfully" },
      postgres: { condition: "service_healthy" },
      "nats-1": { condition: "service_healthy" },
      "nats-2": { condition: "service_healthy" },
      "nats-3": { condition: "service_healthy" },
    });
    expect(service.healthcheck?.test?.join(" "), name).toContain("/readyz");
    expect(service.deploy?.replicas ?? 1, name).toBe(
      ["ordering", "depot", "checkout"].includes(name) ? 2 : 1,
    );
  }
  expect(programs.map(([name]) => name).sort()).toEqual(
    [...services, ...services.map((name) => `migrate-${name}`), "gateway", "bots"].sort(),
  );
});

test("the gateway knows where every service is that it shows, and is the only one that the machine reaches", () => {
  const { environment = {}, depends_on = {} } = serviceOf("gateway");
  for (const name of services) {
    expect(depends_on[name], name).toEqual({ condition: "service_healthy" });
    const address = name === "processor" ? undefined : `http://${name}:8080`;
    expect(environment[upstreamOf(name)], name).toBe(address);
  }
  const published = all.filter(([, { ports }]) => ports !== undefined);
  expect(published.map(([name]) => name)).toEqual(["gateway"]);
  expect(serviceOf("gateway").ports?.join()).toMatch(/^127\.0\.0\.1:\$\{MALL_PORT:-8080\}:8080$/);
  expect(compose.networks.backend?.internal).toBe(true);
  const outside = all.filter(([, { networks }]) => networks?.includes("outside")).map(([name]) => name);
  expect(outside.sort()).toEqual(["gateway", "notifications"]);
});

test("every container may do as little as it can do with, and is given time to end", () => {
  for (const [name, service] of all) {
    expect(service, name).toMatchObject({
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
    });
    if (name === "nats-data") continue;
    expect(service, name).toMatchObject({ stop_grace_period: "30s", restart: expect.any(String) });
    expect(service, name).toMatchObject({ mem_limit: expect.any(String) });
  }
  for (const [name, service] of programs) expect(service, name).toMatchObject({ user: "10001:10001" });
});

test("no field is misspelt: Compose knows all of them", () => {
  const known = [
    ...[
      "build",
      "cap_add",
      "cap_drop",
      "command",
      "depends_on",
      "deploy",
      "entrypoint",
      "environment",
      "healthcheck",
    ],
    ...[
      "image",
      "logging",
      "mem_limit",
      "network_mode",
      "networks",
      "pids_limit",
      "ports",
      "profiles",
      "read_only",
    ],
    ...["restart", "security_opt", "shm_size", "stop_grace_period", "tmpfs", "user", "volumes"],
  ];
  for (const [name, service] of all) {
    expect(
      Object.keys(service).filter((field) => !known.includes(field)),
      name,
    ).toEqual([]);
    for (const other of Object.keys(service.depends_on ?? {})) expect(compose.services).toHaveProperty(other);
    for (const network of service.networks ?? []) expect(compose.networks).toHaveProperty(network);
  }
  expect(Object.keys(compose).filter((field) => !field.startsWith("x-"))).toEqual([
    ...["name", "services", "networks", "volumes"],
  ]);
});

test("one image is built, and every program uses it", () => {
  expect(all.filter(([, { build }]) => build !== undefined).map(([name]) => name)).toEqual(["gateway"]);
  expect(new Set(programs.map(([, { image }]) => image)).size).toBe(1);
});

test("no program is given the password of another's database", () => {
  for (const [name, { environment = {} }] of programs) {
    const passwords = JSON.stringify(environment).match(/\b[A-Z]+_DATABASE_PASSWORD\b/g) ?? [];
    const service = name.replace(/^migrate-/, "");
    expect(passwords, name).toEqual(
      services.includes(service) ? [`${inCapitals(service)}_DATABASE_PASSWORD`] : [],
    );
    const address = services.includes(service) ? `@postgres:5432/mall_${service}` : undefined;
    expect(environment.DATABASE_URL?.replace(/^.*(?=@)/, ""), name).toBe(address);
  }
});

test("PostgreSQL is told of every service, and keeps its data", () => {
  const { environment = {}, volumes = [] } = serviceOf("postgres");
  expect(environment.MALL_SERVICES?.split(" ").sort()).toEqual(services);
  for (const name of services) expect(environment).toHaveProperty(`${inCapitals(name)}_DATABASE_PASSWORD`);
  expect(volumes).toContain("postgres:/var/lib/postgresql");
  expect(volumes).toContain("./deploy/compose/postgres:/docker-entrypoint-initdb.d:ro");
  const { mode } = statSync(join(root, "deploy/compose/postgres/create-databases.sh"));
  expect(process.platform === "win32" || (mode & 0o111) === 0o111, "the script may be run").toBe(true);
});

test("there are three NATS nodes, each with a name, a volume and the addresses of all", () => {
  for (const name of ["nats-1", "nats-2", "nats-3"]) {
    const { environment = {}, volumes } = serviceOf(name);
    expect(environment.NATS_NAME).toBe(name);
    expect(volumes).toContain(`${name}:/data`);
    expect(compose.volumes).toHaveProperty(name);
    const servers = environment.NATS_ROUTES?.match(/@nats-\d:6222/g);
    expect(servers).toEqual(["@nats-1:6222", "@nats-2:6222", "@nats-3:6222"]);
  }
  expect(serviceOf("ordering").environment?.NATS_URL?.match(/nats-\d:4222/g)).toHaveLength(3);
});

test("every secret is asked for by name when it is missing, and .env.example has it, without a value", () => {
  const secrets = settingsIn("deploy/compose/.env.example");
  const yaml = text("compose.yaml");
  const required = [...yaml.matchAll(/\$\{(\w+):\?[^}]+\}/g)].map(([, name]) => name);
  const used = [...yaml.matchAll(/\$\{(\w+)(:[?-])?/g)];
  expect([...new Set(required)].sort()).toEqual(Object.keys(secrets).sort());
  expect(Object.values(secrets).every((value) => value === "")).toBe(true);
  const bare = used.filter(([, name = "", kind]) => kind === undefined && !(name in secrets));
  expect(bare.map(([, name]) => name)).toEqual([]);
});

test("the instructions in .env.example give every secret a value of its own", () => {
  const example = text("deploy/compose/.env.example");
  const command = [...example.matchAll(/^# {3}(.*)$/gm)].map(([, line]) => line).join("\n");
  const filling = command
    .replace(/ > \.env.*$/s, "")
    .replace("openssl rand -hex 32", "openssl rand -hex 32 || echo none");
  const { stdout, status } = spawnSync("sh", ["-c", filling], { cwd: root, encoding: "utf8" });
  expect(status).toBe(0);
  const values = [...stdout.matchAll(/^[A-Z_]+=(.*)$/gm)].map(([, value]) => value);
  expect(values).toHaveLength(Object.keys(settingsIn("deploy/compose/.env.example")).length);
  const hasOpenssl = spawnSync(openssl, ["version"]).status === 0;
  if (hasOpenssl) expect(new Set(values).size).toBe(values.length);
  expect(values.every((value) => /^([0-9a-f]{64}|none)$/.test(value ?? ""))).toBe(true);
});

const natsServer =
  ["/usr/sbin/nats-server", "/usr/local/bin/nats-server"].find((path) => existsSync(path)) ?? "nats-server";
const hasNats = spawnSync(natsServer, ["--version"]).status === 0;

test.skipIf(!hasNats)(
  `nats-server accepts the configuration of the nodes${hasNats ? "" : " (not checked: there is no nats-server)"}`,
  () => {
    const { environment = {} } = serviceOf("nats-1");
    const filled = Object.entries(environment).map(([name, value]) => [
      name,
      // Digits alone, and what looks like a number with an exponent, must stay texts.
      value.replace(/\$\{\w+(:\?[^}]*)?\}/g, name === "NATS_PASSWORD" ? "12345" : "1e5"),
    ]);
    const config = join(root, "deploy/compose/nats/nats.conf");
    const { stderr, status } = spawnSync(natsServer, ["-t", "--config", config], {
      encoding: "utf8",
      env: Object.fromEntries(filled),
    });
    expect(stderr).toContain("is valid");
    expect(status).toBe(0);
  },
);
