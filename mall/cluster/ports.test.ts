import { once } from "node:events";
import { createServer } from "node:net";
import { expect, it } from "vitest";
import { choosePorts, isFree } from "./ports.ts";

async function listen(port: number) {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

it("Everything gets a free port of its own, below those of outgoing connections.", async () => {
  const names = Array.from({ length: 30 }, (_, at) => `process-${at}`);
  const ports = Object.values(await choosePorts(names));
  expect(new Set(ports).size).toBe(30);
  for (const port of ports) {
    expect(port).toBeGreaterThanOrEqual(21_000);
    expect(port).toBeLessThan(32_768);
    expect(await isFree(port)).toBe(true);
  }
});

it("A port is kept from start to start, unless somebody else listens there by now.", async () => {
  const first = await choosePorts(["a", "b"]);
  expect(await choosePorts(["c", "b", "a"], first)).toMatchObject(first);
  const intruder = await listen(first.a ?? 0);
  const second = await choosePorts(["a", "b"], first);
  intruder.close();
  expect(second.b).toBe(first.b);
  expect(second.a).not.toBe(first.a);
  expect(second.a).not.toBe(first.b);
});
