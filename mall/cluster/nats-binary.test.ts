import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { findNatsServer } from "./nats-binary.ts";

const directory = mkdtempSync(join(tmpdir(), "mall-nats-binary-"));
const program = join(directory, "nats-server");
writeFileSync(program, "#!/bin/sh\n");
chmodSync(program, 0o755);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("The nats-server to run", () => {
  it("is the first one on the path", () => {
    expect(findNatsServer({ PATH: `/nowhere:${directory}` })).toBe(program);
  });

  it("is what NATS_SERVER names, if anything", () => {
    expect(findNatsServer({ NATS_SERVER: program, PATH: "" })).toBe(program);
  });

  it("is asked for in one sentence, when NATS_SERVER names none", () => {
    const file = join(directory, "missing");
    expect(() => findNatsServer({ NATS_SERVER: file })).toThrow(
      `NATS_SERVER names ${file}, which is no program; set it to a nats-server.`,
    );
  });
});
