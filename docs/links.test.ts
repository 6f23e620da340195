import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { pages, root } from "./code-blocks.ts";

/** A page without its code, in which brackets mean something else. */
function prose(page: string): string {
  return readFileSync(join(root, page), "utf8")
    .replace(/^```.*?^```$/gms, "")
    .replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ""));
}

function linksOf(page: string): string[] {
  const text = prose(page);
  const inline = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string);
  const html = [...text.matchAll(/\b(?:src|href|srcset)="([^"]+)"/g)].map(([, target]) => target as string);
  return [...inline, ...html].filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors of a page, as GitHub makes them from its headings. */
function anchorsOf(page: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = [...prose(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(" ", "-");
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
  return new Set(anchors);
}

/** What is wrong with a link, or undefined. */
function fault(page: string, target: string): string | undefined {
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? page : join(dirname(page), path).replaceAll("\\", "/");
  if (!existsSync(join(root, file))) return `${page}: ${target} does not exist`;
  if (anchor === undefined) return undefined;
  if (statSync(join(root, file)).isDirectory()) return `${page}: ${target} is a folder`;
  return anchorsOf(file).has(anchor) ? undefined : `${page}: ${target} has no such heading`;
}

test("every relative link of the documentation leads to a file and a heading that exist", () => {
  const links = pages().flatMap((page) => linksOf(page).map((target) => [page, target] as const));
  expect(links.length, "links found").toBeGreaterThan(20);
  expect(links.map(([page, target]) => fault(page, target)).filter(Boolean)).toEqual([]);
});

test("every page in docs is reached from its index", () => {
  const reached = new Set(["docs/README.md"]);
  for (const page of reached) {
    for (const target of linksOf(page)) {
      const file = join(dirname(page), target.split("#")[0] ?? "").replaceAll("\\", "/");
      if (file.endsWith(".md") && existsSync(join(root, file))) reached.add(file);
    }
  }
  expect(pages().filter((page) => page.startsWith("docs/") && !reached.has(page))).toEqual([]);
});

test("every file that the documentation names in the repository exists", () => {
  const named = /`((?:packages|mall|docs|tools|bench)\/[\w./-]+\.(?:ts|mjs|sql|md))`/g;
  const missing = pages().flatMap((page) =>
    [...readFileSync(join(root, page), "utf8").matchAll(named)]
      .map(([, file]) => file as string)
      .filter((file) => !existsSync(join(root, file)))
      .map((file) => `${page}: ${file}`),
  );
  expect(missing).toEqual([]);
});
