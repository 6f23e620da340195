import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { withSecretFiles } from "./secret-files.ts";

const directory = mkdtempSync(join(tmpdir(), "mall-secret-files-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function fileWith(content: string): string {
  const file = join(directory, `${content.length}`);
  writeFileSync(file, content);
  return file;
}

describe("Secrets in files", () => {
  it.each(["DATABASE_URL", "MALL_JWT_SECRET", "PROCESSOR_KEY", "LIVE_TICKET_KEY", "SMTP_URL"])(
    "are read for %s, without the line break at their end",
    (name) => {
      const { env, problems } = withSecretFiles({
        [`${name}_FILE`]: fileWith("from a file\n"),
        OTHER: "kept",
      });
      expect([env[name], env.OTHER, problems]).toEqual(["from a file", "kept", []]);
    },
  );

  it("leave alone what is in the environment itself", () => {
    const env = { PROCESSOR_KEY: "given", PROCESSOR_KEY_FILE: "" };
    expect(withSecretFiles(env)).toEqual({ env, problems: [] });
  });

  it("are told to be wrong, all at once, without what is in them", () => {
    const { problems } = withSecretFiles({
      PROCESSOR_KEY: "hidden",
      PROCESSOR_KEY_FILE: "/nowhere",
      DATABASE_URL_FILE: join(directory, "missing"),
      LIVE_TICKET_KEY_FILE: fileWith(""),
    });
    expect(problems).toEqual([
      `DATABASE_URL_FILE names ${join(directory, "missing")}, which cannot be read (ENOENT).`,
      "Only one of PROCESSOR_KEY and PROCESSOR_KEY_FILE may be set.",
      `LIVE_TICKET_KEY_FILE names ${fileWith("")}, which is empty.`,
    ]);
  });
});
