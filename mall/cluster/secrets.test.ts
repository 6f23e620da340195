import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { keptSecrets } from "./secrets.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "mall-secrets-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it("Every secret is another one, and its file is for the owner's eyes alone.", () => {
  const { roles, ...others } = keptSecrets(directory, ["stores", "depot"]);
  const all = [...Object.values(roles), ...Object.values(others)];
  expect(new Set(all).size).toBe(6);
  for (const secret of all) expect(secret).toMatch(/^[\da-f]{64}$/);
  expect(statSync(join(directory, "passwords.json")).mode & 0o777).toBe(0o600);
});

it("Secrets stay the same from start to start; a new service gets one of its own.", () => {
  const first = keptSecrets(directory, ["stores"]);
  const second = keptSecrets(directory, ["stores", "depot"]);
  expect(second).toEqual({ ...first, roles: { ...first.roles, depot: expect.any(String) } });
});
