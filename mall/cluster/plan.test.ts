import { describe, expect, it } from "vitest";
import { sharedEnvironment } from "./environment.ts";
import {
  botsPlan,
  defaultCopies,
  gatewayPlan,
  portNames,
  type Setting,
  serviceCopies,
  servicePlan,
} from "./plan.ts";

const copies = serviceCopies();
const names = [...portNames(copies), "gateway"];
const ports = Object.fromEntries(names.map((name, at) => [name, 21_000 + at]));
const secrets = {
  roles: {},
  nats: "broker-password",
  routes: "r",
  tickets: "ticket-key",
  processor: "processor-key",
};
const servers = { databaseUrl: "postgres://x", natsPorts: [1, 2, 3] };

function settingWith(env: NodeJS.ProcessEnv = {}): Setting {
  return { directory: "/data", env, secrets, ports, gatewayPort: 8_080 };
}

function planOf(name: string, env?: NodeJS.ProcessEnv) {
  const copy = copies.find((one) => one.name === name);
  if (!copy) throw new Error(`There is no ${name}.`);
  return servicePlan(copy, servers, settingWith(env));
}

describe("The processes of a cluster", () => {
  it("are every service once, and ordering, depot and checkout twice; second copies come last", () => {
    expect(copies.map(({ name }) => name)).toEqual([
      ...["stores-1", "customers-1", "baskets-1", "ordering-1", "payments-1", "depot-1", "checkout-1"],
      ...["notifications-1", "search-1", "processor-1", "ordering-2", "depot-2", "checkout-2"],
    ]);
    expect(serviceCopies({ ...defaultCopies, ordering: 1, depot: 1, checkout: 1 })).toHaveLength(10);
  });

  it("find their own database, the broker, and what they share", () => {
    const { args, env, healthUrl, logFile } = planOf("ordering-2");
    expect(args.at(-1)).toBe("ordering");
    expect(env).toMatchObject({
      DATABASE_URL: "postgres://x",
      NATS_URL: "nats://127.0.0.1:1,nats://127.0.0.1:2,nats://127.0.0.1:3",
      NATS_USER: "mall",
      NATS_PASSWORD: "broker-password",
      NATS_REPLICAS: "3",
      LIVE_TICKET_KEY: "ticket-key",
      HOST: "127.0.0.1",
      PORT: String(ports["ordering-2"]),
    });
    expect(healthUrl).toBe(`http://127.0.0.1:${ports["ordering-2"]}/readyz`);
    expect(logFile).toBe("/data/logs/ordering-2.log");
  });

  it("know the card processor where they must: payments its address, and outside demo mode both a key", () => {
    const processorUrl = `http://127.0.0.1:${ports["processor-1"]}`;
    expect(planOf("payments-1").env.PROCESSOR_URL).toBe(processorUrl);
    expect(planOf("stores-1").env.PROCESSOR_URL).toBeUndefined();
    const keys = (env: NodeJS.ProcessEnv) =>
      ["payments-1", "processor-1", "stores-1"].map((name) => planOf(name, env).env.PROCESSOR_KEY);
    expect(keys({})).toEqual([undefined, undefined, undefined]);
    expect(keys({ MALL_DEMO: "0" })).toEqual(["processor-key", "processor-key", undefined]);
  });

  it("are all known to the gateway", () => {
    const { env, port } = gatewayPlan(copies, settingWith());
    const told = Object.entries(env).filter(([name]) => name.startsWith("UPSTREAM_"));
    expect(told).toHaveLength(10);
    expect(env.UPSTREAM_DEPOT).toBe(
      `http://127.0.0.1:${ports["depot-1"]},http://127.0.0.1:${ports["depot-2"]}`,
    );
    expect([port, env.LIVE_TICKET_KEY]).toEqual([8_080, "ticket-key"]);
    const addresses = told.flatMap(([, urls]) => (urls ?? "").split(","));
    expect(new Set(addresses).size).toBe(copies.length);
  });

  it("include the bots, who find the gateway", () => {
    expect(botsPlan(5, settingWith()).env).toMatchObject({
      MALL_URL: "http://127.0.0.1:8080",
      MALL_BOTS: "5",
    });
  });
});

describe("The environment of all processes", () => {
  it("is ours without what is meant for other programs, and what was given on top", () => {
    const own = {
      ...{ PATH: "/bin", MALL_CURRENCY: "EUR", MALL_BOT_DELAY: "5", LOG_LEVEL: "info" },
      ...{ DATABASE_URL: "x", DATABASE_URL_FILE: "x", NATS_URL: "x", NATS_SERVER: "x", PORT: "1", HOST: "x" },
      ...{ UPSTREAM_DEPOT: "x", PROCESSOR_URL: "x", LIVE_TICKET_KEY: "x", MALL_BOTS: "9", MALL_DATA: "x" },
    };
    expect(sharedEnvironment(own, { LOG_LEVEL: "debug" })).toEqual({
      PATH: "/bin",
      MALL_CURRENCY: "EUR",
      MALL_BOT_DELAY: "5",
      LOG_LEVEL: "debug",
    });
  });
});
