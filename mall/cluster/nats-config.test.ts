import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { findNatsServer } from "./nats-binary.ts";
import { type NatsNode, natsConfig } from "./nats-config.ts";

const nodes: NatsNode[] = [1, 2, 3].map((at) => ({
  name: `nats-${at}`,
  port: 21_000 + at,
  monitorPort: 22_000 + at,
  routePort: 23_000 + at,
}));
const directory = mkdtempSync(join(tmpdir(), "mall-nats-config-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function configOf(node: NatsNode | undefined): string {
  if (!node) throw new Error("There is no such node.");
  const storeDirectory = join(directory, 'a "quoted" store');
  return natsConfig(node, {
    nodes,
    storeDirectory,
    clientPassword: "c".repeat(64),
    routePassword: "r".repeat(64),
  });
}

describe("The configuration of a node", () => {
  it("listens on 127.0.0.1 alone, asks for passwords, and does not tell clients of other nodes", () => {
    const config = configOf(nodes[0]);
    expect(
      [...config.matchAll(/(?:listen|http): "([\d.]+):(\d+)"/g)].map(([, host, port]) => [host, port]),
    ).toEqual([
      ["127.0.0.1", "21001"],
      ["127.0.0.1", "22001"],
      ["127.0.0.1", "23001"],
    ]);
    expect(config).toContain(`password: "${"c".repeat(64)}"`);
    expect(config).toContain("no_advertise: true");
  });

  it("has routes to the other nodes, and none to itself", () => {
    const routes = [...configOf(nodes[1]).matchAll(/nats-route:\/\/routes:r+@127\.0\.0\.1:(\d+)/g)];
    expect(routes.map(([, port]) => port)).toEqual(["23001", "23003"]);
  });

  it("is understood by nats-server", () => {
    const file = join(directory, "nats.conf");
    writeFileSync(file, configOf(nodes[2]));
    const { status, stderr } = spawnSync(findNatsServer(process.env), ["--config", file, "-t"], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, expect.stringContaining("is valid")]);
  });
});
