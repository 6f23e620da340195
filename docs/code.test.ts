import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { codeBlocks, pages, root, writeBlocks } from "./code-blocks.ts";

test("every ts block of the documentation compiles under the repository's settings", {
  timeout: 60_000,
}, async () => {
  const blocks = pages().flatMap(codeBlocks);
  expect(blocks.length, "blocks found").toBeGreaterThan(10);
  const workbench = writeBlocks(blocks);
  onTestFinished(() => workbench.remove());
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const checked = await promisify(execFile)(process.execPath, [tsc, "--project", workbench.directory], {
    cwd: workbench.directory,
  }).catch((error: { stdout: string; stderr: string }) => error);
  expect(checked.stdout + checked.stderr).toBe("");
});
