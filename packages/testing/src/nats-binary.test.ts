import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { findNatsServer } from "./nats-binary.ts";

const directory = mkdtempSync(join(tmpdir(), "tidings-nats-binary-"));
const program = join(directory, "nats-server");
writeFileSync(program, "#!/bin/sh\n");
chmodSync(program, 0o755);
afterAll(() => rmSync(directory, { recursive: true }));

describe("the program nats-server", () => {
  it("is the one that NATS_SERVER names", async () => {
    expect(await findNatsServer({ NATS_SERVER: program, PATH: "" })).toBe(program);
    await expect(findNatsServer({ NATS_SERVER: join(directory, "none") })).rejects.toThrow(
      "which is no program",
    );
  });

  it("is else the first on the PATH, or the one where Debian puts it", async () => {
    expect(await findNatsServer({ PATH: `/nowhere:${directory}` }, "/nowhere/nats-server")).toBe(program);
    expect(await findNatsServer({ PATH: "/nowhere" }, program)).toBe(program);
  });

  it("is asked for in one sentence when it is missing and cannot be installed", async () => {
    await expect(findNatsServer({ PATH: "/nowhere" }, "/nowhere/nats-server")).rejects.toThrow(
      "install the package nats-server",
    );
  });
});
