import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "..");

/** Every page of the documentation, by its path from the root. */
export function pages(): string[] {
  const patterns = ["*.md", "docs/**/*.md", "packages/*/README.md"];
  return globSync(patterns, { cwd: root })
    .map((page) => page.replaceAll("\\", "/"))
    .sort();
}

/** A `ts` block of a page. */
export interface CodeBlock {
  readonly page: string;
  /** Where its first line stands in the page. */
  readonly line: number;
  /** What its fence calls it (```` ```ts order.ts ````); other blocks of the page may import it by that name. */
  readonly name: string | undefined;
  readonly code: string;
}

/** All `ts` blocks of a page, also those in HTML comments, which stand in for what is the reader's own. */
export function codeBlocks(page: string): CodeBlock[] {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```ts(?: (\S+))?\n(.*?)^```$/gms)].map((match) => ({
    page,
    line: text.slice(0, match.index).split("\n").length + 1,
    name: match[1],
    code: match[2] ?? "",
  }));
}

/** The blocks of some pages as files, which resolve packages as the repository does. */
export interface Workbench {
  readonly directory: string;
  /** The file of a named block. */
  file(page: string, name: string): string;
  remove(): void;
}

/** Writes each block to `<page>/<name or line>.ts`, on the lines that it has in the page, so that errors point there. */
export function writeBlocks(blocks: readonly CodeBlock[]): Workbench {
  const directory = mkdtempSync(join(tmpdir(), "tidings-docs-"));
  symlinkSync(join(root, "node_modules"), join(directory, "node_modules"), "junction");
  writeFileSync(join(directory, "package.json"), '{ "type": "module" }');
  const config = { extends: join(root, "tsconfig.json"), include: ["**/*.ts"], exclude: ["node_modules"] };
  writeFileSync(join(directory, "tsconfig.json"), JSON.stringify(config));
  for (const { page, line, name, code } of blocks) {
    const file = join(directory, page, name ?? `line-${line}.ts`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${"\n".repeat(line - 1)}${code}\nexport {};\n`, { flag: "wx" });
  }
  return {
    directory,
    file: (page, name) => join(directory, page, name),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
