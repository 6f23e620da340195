import { existsSync } from "node:fs";
import { createConnection } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type NatsServer, startNatsCluster, startNatsServer } from "./nats-server.ts";
import { until } from "./probe.ts";

const running: NatsServer[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

/** The first line that a server says to a client. */
function greetingOf({ url }: NatsServer): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((done, fail) => {
    const socket = createConnection(Number(port), hostname);
    socket.once("error", fail);
    socket.once("data", (data) => {
      socket.destroy();
      done(data.toString());
    });
  });
}

describe("a nats-server for tests", { timeout: 120_000 }, () => {
  it("answers with JetStream when it has started, dies when it is killed, and comes back at its place", async () => {
    const server = await startNatsServer();
    running.push(server);
    expect(await greetingOf(server)).toContain('"jetstream":true');
    const { pid, url } = server;
    await server.kill();
    await expect(greetingOf(server)).rejects.toThrow("ECONNREFUSED");
    await server.restart();
    expect(server.url).toBe(url);
    expect(server.pid).not.toBe(pid);
    expect(await greetingOf(server)).toContain('"jetstream":true');
  });

  it("leaves nothing behind when it is stopped, twice as well", async () => {
    const server = await startNatsServer();
    const { pid, directory } = server;
    await Promise.all([server.stop(), server.stop()]);
    expect(existsSync(directory)).toBe(false);
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });

  it("says nothing while it is paused", async () => {
    const server = await startNatsServer();
    running.push(server);
    server.pause();
    await expect(server.monitor("/varz")).rejects.toThrow("timeout");
    server.resume();
    expect(await server.monitor("/varz")).toHaveProperty("version");
  });

  it("that cannot start fails with the end of its log", async () => {
    await expect(startNatsServer({ config: "nonsense {" })).rejects.toThrow("nats-server did not start");
  });

  it("forms a cluster with a leader that knows all", async () => {
    running.push(...(await startNatsCluster(3)));
    const seen = await Promise.all(running.map((server) => server.monitor("/jsz")));
    const leaders = new Set(seen.map(({ meta_cluster: cluster }) => (cluster as { leader: string }).leader));
    expect(leaders.size).toBe(1);
    await until("all have routes to all", async () => {
      const routes = await Promise.all(running.map((server) => server.monitor("/routez")));
      return routes.every(({ num_routes }) => num_routes === 2);
    });
  });
});
