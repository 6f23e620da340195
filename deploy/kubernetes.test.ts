import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  type Fields,
  kubernetes,
  manifestsIn,
  parseManifests,
  servicesOfTheMall,
  upstreamOf,
} from "./files.fixture.ts";
import { render } from "./kustomize.fixture.ts";
import { mayConnect, type Pod } from "./network.fixture.ts";
import { secretFilesOf, selects, workloadsIn } from "./pods.fixture.ts";

const services = servicesOfTheMall();
const secrets = parseManifests(execFileSync("sh", [join(kubernetes, "secrets.sh")], { encoding: "utf8" }));

describe.each(["demo", "production"])("the overlay %s", (overlay) => {
  const manifests = render(join(kubernetes, "overlays", overlay));
  const migrations = render(join(kubernetes, "overlays", overlay, "migrations"));
  const deployments = workloadsIn(manifests, "Deployment");
  const jobs = workloadsIn(migrations, "Job");
  const named = (kind: string) =>
    manifests.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name);

  test("every service of the Mall runs, can be reached, and has its migration; so does the gateway run", () => {
    const programs = [
      ...services.map((name) => [name, ["mall/serve.ts", name]]),
      ["gateway", ["mall/gateway.ts"]],
    ];
    if (overlay === "demo") programs.push(["bots", ["mall/serve.ts", "bots"]]);
    const running = deployments.map(({ name, container }) => [name, container.args]);
    expect(Object.fromEntries(running)).toEqual(Object.fromEntries(programs));
    expect(named("Service").sort()).toEqual([...services, "gateway"].sort());
    expect(named("PodDisruptionBudget").sort()).toEqual([...services, "gateway"].sort());
    expect(Object.fromEntries(jobs.map(({ name, container }) => [name, container.args]))).toEqual(
      Object.fromEntries(services.map((name) => [`migrate-${name}`, ["mall/serve.ts", name, "--migrate"]])),
    );
  });

  test("everything is in the namespace of the Mall", () => {
    const elsewhere = [...manifests, ...migrations].filter(({ metadata }) => metadata.namespace !== "mall");
    expect(elsewhere.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([]);
  });

  test("each Deployment, Service and PodDisruptionBudget selects the pods of its own program, and no others", () => {
    for (const { name, selector } of deployments) {
      expect(deployments.filter(({ labels }) => selects(selector, labels)).map((one) => one.name)).toEqual([
        name,
      ]);
    }
    for (const { kind, metadata, spec } of manifests) {
      if (kind !== "Service" && kind !== "PodDisruptionBudget") continue;
      const selector = (spec as Fields).selector as Fields;
      const meant = (kind === "Service" ? selector : selector.matchLabels) as Record<string, string>;
      const found = [...deployments, ...jobs].filter(({ labels }) => selects(meant, labels));
      expect(
        found.map(({ name }) => name),
        `${kind} ${metadata.name}`,
      ).toEqual([metadata.name]);
    }
  });

  test("every program may do as little as it can do with", () => {
    for (const { name, pod, container } of [...deployments, ...jobs]) {
      expect(pod, name).toMatchObject({
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: "RuntimeDefault" } },
      });
      expect(container, name).toMatchObject({
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        resources: {
          requests: { cpu: expect.any(String), memory: expect.any(String) },
          limits: { memory: expect.any(String) },
        },
      });
      expect(container.image, name).toMatch(/^(\S+\/)?mall:\S+$/);
    }
  });

  test("every program that runs for ever is watched, spread, and given time to end", () => {
    for (const { name, pod, container, replicas } of deployments) {
      expect(container, name).toMatchObject({
        ports: [{ name: "http", containerPort: 8080 }],
        startupProbe: { httpGet: { path: "/startupz", port: "http" } },
        livenessProbe: { httpGet: { path: "/livez", port: "http" } },
        readinessProbe: { httpGet: { path: "/readyz", port: "http" } },
        lifecycle: { preStop: { sleep: { seconds: 5 } } },
      });
      expect(pod.terminationGracePeriodSeconds, name).toBe(30);
      expect(pod.topologySpreadConstraints, name).toHaveLength(2);
      const scaled = named("ScaledObject").includes(name);
      expect(replicas, name).toBe(scaled ? undefined : overlay === "demo" ? 1 : 2);
    }
  });

  test("the gateway knows where every service is that it shows", () => {
    const upstreams = manifests.find(({ metadata }) => metadata.name === "mall-upstreams")?.data as Fields;
    const { TRUST_FORWARDED: _, ...addresses } = upstreams;
    const shown = services.filter((name) => name !== "processor");
    expect(addresses).toEqual(
      Object.fromEntries(shown.map((name) => [upstreamOf(name), `http://${name}:8080`])),
    );
  });

  test("every file that a setting names is there, and comes from a secret that exists", () => {
    for (const workload of [...deployments, ...jobs]) {
      const files = secretFilesOf(workload);
      for (const { name, value } of workload.container.env ?? []) {
        if (name.endsWith("_FILE")) expect([...files.keys()], `${workload.name} ${name}`).toContain(value);
      }
      for (const { secret, key } of files.values()) {
        if (secret === "mall-postgres-ca") continue;
        const made = secrets.find(({ metadata }) => metadata.name === secret);
        expect(Object.keys((made?.stringData ?? {}) as object), `${workload.name}: ${secret}`).toContain(key);
      }
    }
  });

  test("no program is given the database of another", () => {
    for (const workload of [...deployments, ...jobs]) {
      const service = workload.name.replace(/^migrate-/, "");
      const databases = [...secretFilesOf(workload).values()].filter(({ secret }) =>
        secret.startsWith("database-"),
      );
      const expected = services.includes(service) ? [{ secret: `database-${service}`, key: "url" }] : [];
      expect(databases, workload.name).toEqual(expected);
    }
  });

  test("the network lets through what is needed, and nothing else", () => {
    const pods = new Map<string, Pod>([
      ...[...deployments, ...jobs].map(({ name, labels }) => [name, { labels }] as const),
      ["postgres", { labels: { "cnpg.io/cluster": "mall-postgres" } }],
      ["nats", { labels: { "app.kubernetes.io/name": "nats" } }],
      ["stranger", { labels: {} }],
      ["ingress", { labels: {}, namespace: "traefik" }],
      ["names", { labels: { "k8s-app": "kube-dns" }, namespace: "kube-system" }],
    ]);
    const ports = { postgres: 5432, nats: 4222, names: 53 } as Readonly<Record<string, number>>;
    const through: string[] = [];
    for (const [from, source] of pods)
      for (const [to, target] of pods)
        if (from !== to && isOurs(source, target) && mayConnect(manifests, source, target, ports[to] ?? 8080))
          through.push(`${from} → ${to}`);
    const data = [...services, ...jobs.map(({ name }) => name)];
    const expected = [
      ...services.filter((name) => name !== "processor").map((name) => `gateway → ${name}`),
      ...data.flatMap((name) => [`${name} → postgres`, `${name} → nats`]),
      ...[...deployments, ...jobs].map(({ name }) => `${name} → names`),
      "payments → processor",
      overlay === "demo" ? "bots → gateway" : "ingress → gateway",
    ];
    expect(through.sort()).toEqual(expected.sort());
  });
});

/** Whether one of two pods is a program of the Mall. */
function isOurs(...pods: readonly Pod[]): boolean {
  return pods.some(({ labels }) => labels["app.kubernetes.io/part-of"] === "mall");
}

test("every service has a role and a database of its own in PostgreSQL, with the password of its secret", () => {
  const [cluster, ...databases] = manifestsIn("deploy/kubernetes/infrastructure/postgres/postgres.yaml");
  const spec = cluster?.spec as
    | { managed: { roles: { name: string; passwordSecret: { name: string } }[] } }
    | undefined;
  expect(spec?.managed.roles.map(({ name, passwordSecret }) => [name, passwordSecret.name]).sort()).toEqual(
    services.map((name) => [`mall_${name}`, `database-${name}`]),
  );
  expect(databases.map(({ spec }) => [(spec as Fields).name, (spec as Fields).owner]).sort()).toEqual(
    services.map((name) => [`mall_${name}`, `mall_${name}`]),
  );
});

test("secrets are new each time, and each service's address has its own role, database and password", () => {
  const again = parseManifests(execFileSync("sh", [join(kubernetes, "secrets.sh")], { encoding: "utf8" }));
  const values = [...secrets, ...again].flatMap(
    ({ stringData }) => Object.values(stringData as Fields) as string[],
  );
  const random = values.filter((value) => /^k?[0-9a-f]{64}$/.test(value));
  expect(random).toHaveLength(2 * (services.length + 4));
  expect(new Set(random).size).toBe(random.length);
  for (const name of services) {
    const data = secrets.find(({ metadata }) => metadata.name === `database-${name}`)?.stringData as Fields;
    const { username, password, pathname, searchParams } = new URL(`${data.url}`);
    expect([username, password, pathname]).toEqual([data.username, data.password, `/mall_${name}`]);
    expect(searchParams.get("sslmode")).toBe("verify-full");
  }
});
