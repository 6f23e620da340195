import { join, resolve } from "node:path";
import type { MemberPlan } from "./member.ts";
import { type NatsNode, natsUser } from "./nats-config.ts";
import type { Secrets } from "./secrets.ts";

/** What runs on the databases. */
export const services = [
  "stores",
  "customers",
  "baskets",
  "ordering",
  "payments",
  "depot",
  "checkout",
  "notifications",
  "search",
  "processor",
] as const;

/** Who is started more than once, unless told otherwise. */
export const defaultCopies: Readonly<Record<string, number>> = { ordering: 2, depot: 2, checkout: 2 };

/** A process that talks to PostgreSQL and to the broker. */
export interface ServiceCopy {
  readonly name: string;
  readonly service: string;
}

/** `ordering-1`, `ordering-2` …: all first copies before all second ones. */
export function serviceCopies(copies: Readonly<Record<string, number>> = defaultCopies): ServiceCopy[] {
  const most = Math.max(1, ...Object.values(copies));
  return Array.from({ length: most }, (_, at) =>
    services
      .filter((service) => at < (copies[service] ?? 1))
      .map((service) => ({ name: `${service}-${at + 1}`, service })),
  ).flat();
}

export const natsNames = ["nats-1", "nats-2", "nats-3"] as const;

/** The names of everything that needs a port. */
export function portNames(copies: readonly ServiceCopy[]): string[] {
  const ofNodes = natsNames.flatMap((name) => [name, `${name} monitor`, `${name} routes`]);
  return ["postgres", ...ofNodes, ...copies.map(({ name }) => name), "bots"];
}

/** Where a process finds the servers; the cluster may have put something in between. */
export interface Servers {
  readonly databaseUrl: string;
  readonly natsPorts: readonly number[];
}

/** What all plans have in common. */
export interface Setting {
  readonly directory: string;
  /** What every process gets in its environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly secrets: Secrets;
  readonly ports: Readonly<Record<string, number>>;
  readonly gatewayPort: number;
}

/** One copy of a service. */
export function servicePlan({ name, service }: ServiceCopy, servers: Servers, setting: Setting): MemberPlan {
  const { env, secrets, ports } = setting;
  const isDemo = env.MALL_DEMO !== "0";
  const knowsProcessor = !isDemo && (service === "payments" || service === "processor");
  return program(name, { service, kind: "service", port: portOf(name, ports), setting }, [
    "serve.ts",
    [service],
    {
      DATABASE_URL: servers.databaseUrl,
      NATS_URL: servers.natsPorts.map((port) => `nats://127.0.0.1:${port}`).join(","),
      NATS_USER: natsUser,
      NATS_PASSWORD: secrets.nats,
      NATS_APP: "mall",
      NATS_REPLICAS: String(natsNames.length),
      LIVE_TICKET_KEY: secrets.tickets,
      ...(service === "payments" && { PROCESSOR_URL: originAt(portOf("processor-1", ports)) }),
      ...(knowsProcessor && { PROCESSOR_KEY: secrets.processor }),
    },
  ]);
}

/** The gateway, which knows where every copy is. */
export function gatewayPlan(copies: readonly ServiceCopy[], setting: Setting): MemberPlan {
  const { ports, secrets, gatewayPort: port } = setting;
  const upstreams = services.map((service) => {
    const own = copies.filter((copy) => copy.service === service);
    return [upstreamSetting(service), own.map(({ name }) => originAt(portOf(name, ports))).join(",")];
  });
  const place = { service: "gateway", kind: "gateway", port, setting } as const;
  const env = { ...Object.fromEntries(upstreams), LIVE_TICKET_KEY: secrets.tickets };
  return program("gateway", place, ["gateway.ts", [], env]);
}

/** The simulated bots. */
export function botsPlan(count: number, setting: Setting): MemberPlan {
  const port = portOf("bots", setting.ports);
  const env = { MALL_URL: originAt(setting.gatewayPort), MALL_BOTS: String(count) };
  return program("bots", { service: "bots", kind: "bots", port, setting }, ["serve.ts", ["bots"], env]);
}

/** A node of the broker. It is ready when its streams are up to date with those of the other nodes. */
export function natsPlan(node: NatsNode, binary: string, { directory, env }: Setting): MemberPlan {
  const { name, port, monitorPort } = node;
  return {
    ...{ name, service: "nats", kind: "nats", port },
    program: binary,
    args: ["--config", natsConfigFile(directory, name)],
    env,
    healthUrl: `${originAt(monitorPort)}/healthz`,
    logFile: logFileOf(directory, name),
  };
}

export function natsConfigFile(directory: string, name: string): string {
  return join(directory, name, "nats.conf");
}

export function portOf(name: string, ports: Readonly<Record<string, number>>): number {
  const port = ports[name];
  if (port === undefined) throw new Error(`There is no port for ${name}.`);
  return port;
}

interface PlaceOfProgram extends Pick<MemberPlan, "service" | "kind" | "port"> {
  readonly setting: Setting;
}

type ProgramCall = readonly [file: string, args: readonly string[], env: Readonly<Record<string, string>>];

function program(name: string, place: PlaceOfProgram, [file, args, more]: ProgramCall): MemberPlan {
  const { setting, ...rest } = place;
  return {
    name,
    ...rest,
    program: process.execPath,
    args: ["--conditions=source", resolve(import.meta.dirname, "..", file), ...args],
    env: { ...setting.env, ...more, HOST: "127.0.0.1", PORT: String(place.port) },
    healthUrl: `${originAt(place.port)}/readyz`,
    logFile: logFileOf(setting.directory, name),
  };
}

function logFileOf(directory: string, name: string): string {
  return join(directory, "logs", `${name}.log`);
}

function upstreamSetting(service: string): string {
  return `UPSTREAM_${service.toUpperCase().replaceAll("-", "_")}`;
}

export function originAt(port: number): string {
  return `http://127.0.0.1:${port}`;
}
