import { globSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { root, text } from "./files.fixture.ts";

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** The instructions of the Dockerfile, each on one line, without comments. */
const instructions: readonly Instruction[] = text("Dockerfile")
  .replace(/^\s*#.*\n/gm, "")
  .replace(/\\\n\s*/g, "")
  .split("\n")
  .filter((line) => line.trim() !== "")
  .map((line) => ({ name: line.replace(/\s.*/, ""), rest: line.replace(/^\S+\s+/, "") }));

const manifest = JSON.parse(text("package.json")) as {
  readonly workspaces: readonly string[];
  readonly devDependencies: Readonly<Record<string, string>>;
};

/** The instructions of a stage. */
function stage(name: string): Instruction[] {
  const start = instructions.findIndex((one) => one.name === "FROM" && one.rest.endsWith(` AS ${name}`));
  if (start < 0) throw new Error(`The Dockerfile has no stage ${name}.`);
  const end = instructions.findIndex((one, at) => at > start && one.name === "FROM");
  return instructions.slice(start + 1, end < 0 ? undefined : end);
}

function restOf(name: string, within: readonly Instruction[]): string[] {
  return within.filter((one) => one.name === name).map(({ rest }) => rest);
}

test("both stages begin with the Node.js that the repository pins", () => {
  expect(restOf("ARG", instructions)[0]).toBe(`NODE_VERSION=${manifest.devDependencies.node}`);
  expect(restOf("FROM", instructions).join("\n")).toMatch(
    /^node:\$\{NODE_VERSION\}-bookworm-slim AS dependencies\nnode:\$\{NODE_VERSION\}-bookworm-slim AS mall$/,
  );
});

test("the dependencies of every workspace are installed, as the lock file says, without those of development", () => {
  const workspaces = manifest.workspaces.flatMap((pattern) =>
    globSync(`${pattern}/package.json`, { cwd: root }),
  );
  const copied = restOf("COPY", stage("dependencies"));
  for (const file of workspaces.map((path) => path.replaceAll("\\", "/"))) {
    expect(copied, file).toContain(`${file} ${dirname(file)}/`);
  }
  expect(copied).toHaveLength(workspaces.length + 1);
  expect(copied).toContain("LICENSE .npmrc package.json package-lock.json ./");
  expect(restOf("RUN", stage("dependencies"))).toEqual([
    "--mount=type=cache,target=/root/.npm npm ci --omit=dev --omit=optional --ignore-scripts",
  ]);
});

test("the image runs one program as Node.js itself, not as root, and says when it is not well", () => {
  const final = stage("mall");
  expect(restOf("USER", final)).toEqual(["10001:10001"]);
  expect(restOf("EXPOSE", final)).toEqual(["8080"]);
  expect(JSON.parse(restOf("ENTRYPOINT", final)[0] ?? "")).toEqual(["node", "--conditions=source"]);
  expect(JSON.parse(restOf("CMD", final)[0] ?? "")).toEqual(["mall/gateway.ts"]);
  const health = restOf("HEALTHCHECK", final)[0] ?? "";
  const [program, flag, script] = JSON.parse(health.slice(health.indexOf("["))) as string[];
  expect([program, flag]).toEqual(["node", "--eval"]);
  expect(script).toContain("/livez");
  expect(() => new Function(script ?? "")).not.toThrow();
  expect(restOf("LABEL", final)[0]).toContain("org.opencontainers.image.source=");
});

test("nothing that is secret goes into the image", () => {
  const settings = [...restOf("ENV", instructions), ...restOf("ARG", instructions)].join(" ");
  expect(settings).not.toMatch(/PASSWORD|SECRET|KEY|TOKEN|DATABASE_URL|NATS_URL/);
  const ignored = text(".dockerignore").split("\n");
  expect(ignored.filter((line) => !line.startsWith("#"))[0]).toBe("*");
  for (const pattern of ["**/.env", "**/node_modules", "**/.mall", "**/*.test.ts", "**/*.fixture.ts"]) {
    expect(ignored).toContain(pattern);
  }
});

test("whatever is copied into the image exists and is let through to the build", () => {
  const ignored = text(".dockerignore").split("\n");
  const sources = restOf("COPY", instructions)
    .filter((rest) => !rest.startsWith("--from"))
    .flatMap((rest) => rest.split(" ").slice(0, -1));
  for (const source of sources) {
    expect(globSync(source, { cwd: root }), source).toEqual([source]);
    const lets = ignored.filter((line) => line.startsWith("!")).map((line) => line.slice(1));
    expect(
      lets.some((path) => source === path || source.startsWith(`${path}/`)),
      source,
    ).toBe(true);
  }
});
