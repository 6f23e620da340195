import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { kubernetes, type Manifest, manifestsIn, root } from "./files.fixture.ts";
import { render } from "./kustomize.fixture.ts";

const modules = join(root, "node_modules");
const hasTypes =
  existsSync(join(modules, "kubernetes-models")) && existsSync(join(modules, "@kubernetes-models/keda"));

/** The objects that the types know: those of Kubernetes itself and of KEDA. */
function manifests(): Manifest[] {
  const overlays = globSync("overlays/**/kustomization.yaml", { cwd: kubernetes })
    .map((file) => join(kubernetes, file, ".."))
    .filter((directory) => !directory.endsWith("settings"));
  const all = [...overlays.flatMap(render), ...manifestsIn("deploy/kubernetes/namespace.yaml")];
  return all.filter(({ apiVersion }) => !apiVersion.startsWith("postgresql.cnpg.io/"));
}

/** `apps/v1` is in the package of Kubernetes, `keda.sh/v1alpha1` in one of its own. */
function moduleOf({ apiVersion, kind }: Manifest): string {
  const models = apiVersion.startsWith("keda.sh/") ? "@kubernetes-models/keda" : "kubernetes-models";
  return `${models}/${apiVersion}/${kind}`;
}

/** A program that states each object as one of its type: what the type does not know is an error, as is what it misses. */
function program(objects: readonly Manifest[]): string {
  return objects
    .map((object, at) => {
      const type = `import("${moduleOf(object)}").I${object.kind}`;
      return `export const object${at}: ${type} = ${JSON.stringify(object)};\n`;
    })
    .join("");
}

/** What the compiler says of the objects, in a directory that finds the packages of the repository. */
function compile(objects: readonly Manifest[]): string {
  const workbench = mkdtempSync(join(tmpdir(), "tidings-manifests-"));
  try {
    symlinkSync(modules, join(workbench, "node_modules"), "junction");
    writeFileSync(join(workbench, "package.json"), `{ "type": "module" }`);
    writeFileSync(join(workbench, "manifests.ts"), program(objects));
    writeFileSync(
      join(workbench, "tsconfig.json"),
      JSON.stringify({ compilerOptions, files: ["manifests.ts"] }),
    );
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    return spawnSync(process.execPath, [tsc, "--project", workbench], { encoding: "utf8" }).stdout;
  } finally {
    rmSync(workbench, { recursive: true, force: true });
  }
}

const compilerOptions = {
  strict: true,
  noEmit: true,
  module: "nodenext",
  target: "es2024",
  types: [],
  skipLibCheck: true,
};

test.skipIf(!hasTypes)(
  `every object is what Kubernetes and KEDA take it for${hasTypes ? "" : " (not checked: kubernetes-models is not installed)"}`,
  { timeout: 60_000 },
  () => {
    const objects = manifests();
    expect(objects.length).toBeGreaterThan(100);
    expect(compile(objects)).toBe("");
    const [first] = objects.filter(({ kind }) => kind === "Deployment");
    const misspelt = JSON.parse(
      JSON.stringify(first).replaceAll("readOnlyRootFilesystem", "readonlyRootFilesystem"),
    );
    expect(compile([misspelt as Manifest])).toContain("readonlyRootFilesystem");
  },
);
