import { globSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { kubernetes, servicesOfTheMall, settingsIn, text, upstreamOf, yamlIn } from "./files.fixture.ts";
import { render } from "./kustomize.fixture.ts";
import { environmentOf, workloadsIn } from "./pods.fixture.ts";

/** The sources of the programs that are deployed, and of what reads settings for them. */
const sources = globSync(
  ["mall/*.ts", "mall/gateway/*.ts", "packages/nats/src/*.ts", "packages/tidings/src/*.ts"],
  { cwd: join(kubernetes, "../..") },
)
  .filter((file) => !/\.(test|fixture)\.ts$/.test(file))
  .map(text)
  .join("\n");

const upstreams = servicesOfTheMall().map(upstreamOf);

/** Whether a program reads a setting; of a secret in a file, that secret. */
function isRead(name: string): boolean {
  if (name.startsWith("UPSTREAM_")) return upstreams.includes(name);
  const secret = name.replace(/_FILE$/, "");
  if (secret !== name) return new RegExp(`"${secret}"`).test(sources);
  return new RegExp(`\\b${name}\\b`).test(sources.replace(/^\s*(\/\/|\*|\/\*).*$/gm, ""));
}

test("a setting is recognised by the programs that read it", () => {
  expect(
    ["PORT", "NATS_URL", "DATABASE_URL_FILE", "UPSTREAM_ORDERING", "MALL_URL"].filter(isRead),
  ).toHaveLength(5);
  expect(["PROT", "NATS_URLS", "PORT_FILE", "UPSTREAM_ORDERS"].filter(isRead)).toEqual([]);
});

test("every setting in the manifests of Kubernetes is one that a program reads", () => {
  for (const overlay of ["demo", "production", "production/migrations"]) {
    const manifests = render(join(kubernetes, "overlays", overlay));
    const workloads = [...workloadsIn(manifests, "Deployment"), ...workloadsIn(manifests, "Job")];
    expect(workloads.length).toBeGreaterThan(9);
    const names = new Set(workloads.flatMap((workload) => environmentOf(workload, manifests)));
    expect(
      [...names].filter((name) => !isRead(name)),
      overlay,
    ).toEqual([]);
  }
});

test("every setting in compose.yaml is one that a program reads", () => {
  const { services } = yamlIn("compose.yaml") as {
    services: Record<string, { image: string; environment?: Record<string, string> }>;
  };
  const programs = Object.values(services).filter(({ image }) => image.includes("MALL_IMAGE"));
  const names = new Set(programs.flatMap(({ environment = {} }) => Object.keys(environment)));
  expect(names.size).toBeGreaterThan(15);
  expect([...names].filter((name) => !isRead(name))).toEqual([]);
  const fromImage = text("Dockerfile").match(/\b(MALL_DEMO|HOST|PORT)=/g) ?? [];
  expect(fromImage).toHaveLength(3);
});

test("the settings that a program may not start without are given to each", () => {
  const manifests = render(join(kubernetes, "overlays/production"));
  const jobs = render(join(kubernetes, "overlays/production/migrations"));
  const needed = {
    service: ["DATABASE_URL_FILE", "NATS_URL", "LIVE_TICKET_KEY_FILE", "MALL_JWT_SECRET_FILE", "MALL_DEMO"],
    gateway: ["LIVE_TICKET_KEY_FILE", "MALL_DEMO"],
    migration: ["DATABASE_URL_FILE"],
  } as Readonly<Record<string, readonly string[]>>;
  for (const workload of [...workloadsIn(manifests, "Deployment"), ...workloadsIn(jobs, "Job")]) {
    const environment = environmentOf(workload, manifests);
    const kind = workload.labels["app.kubernetes.io/component"] ?? "";
    expect(environment, workload.name).toEqual(expect.arrayContaining([...(needed[kind] ?? ["?"])]));
  }
  expect(settingsIn("deploy/kubernetes/base/settings.env")).toMatchObject({
    MALL_DEMO: "0",
    NATS_REPLICAS: "3",
  });
});
