import { execFileSync, spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { kubernetes, type Manifest, manifestsIn, parseManifests, root, yamlIn } from "./files.fixture.ts";
import { render } from "./kustomize.fixture.ts";
import { inOrder } from "./strategic-merge.fixture.ts";

const overlays = globSync("overlays/**/kustomization.yaml", { cwd: kubernetes })
  .map((file) => file.replaceAll("\\", "/").replace("/kustomization.yaml", ""))
  .filter((overlay) => !overlay.endsWith("/settings"))
  .sort();

const kubectl = "kubectl";
const hasKubectl = spawnSync(kubectl, ["version", "--client"]).status === 0;

test("every file of the deployment is YAML, and every file that Kubernetes gets is used", () => {
  const files = globSync("**/*.{yaml,yml}", { cwd: kubernetes }).map((file) => join(kubernetes, file));
  expect(files.length).toBeGreaterThan(20);
  for (const file of files) expect(() => manifestsIn(file), file).not.toThrow();
  const named = files
    .filter((file) => file.endsWith("kustomization.yaml"))
    .flatMap((file) => {
      const { resources = [], patches = [] } = yamlIn(file) as {
        resources?: string[];
        patches?: { path?: string }[];
      };
      return [...resources, ...patches.map(({ path = "" }) => path)].map((path) => join(file, "..", path));
    });
  const unused = files.filter(
    (file) => !/(kustomization|namespace|nats-values)\.yaml$/.test(file.replaceAll("\\", "/")),
  );
  expect(unused.filter((file) => !named.includes(file)).map((file) => relative(root, file))).toEqual([]);
});

test.skipIf(!hasKubectl)(
  `our rendering is that of kubectl kustomize${hasKubectl ? "" : " (not checked: there is no kubectl)"}`,
  { timeout: 30_000 },
  () => {
    expect(overlays).toEqual([
      "overlays/demo",
      "overlays/demo/migrations",
      "overlays/demo/postgres",
      "overlays/production",
      "overlays/production/migrations",
    ]);
    for (const overlay of overlays) {
      const directory = join(kubernetes, overlay);
      const theirs = execFileSync(kubectl, ["kustomize", directory], { encoding: "utf8" });
      const withoutDigests = theirs.replace(/\b(mall-(?:settings|upstreams))-[a-z0-9]{10}\b/g, "$1");
      expect(comparable(render(directory)), overlay).toEqual(comparable(parseManifests(withoutDigests)));
    }
  },
);

function comparable(manifests: readonly Manifest[]): unknown {
  const named = manifests.map(
    (manifest) => [`${manifest.kind} ${manifest.metadata.name}`, inOrder(manifest)] as const,
  );
  expect(new Set(named.map(([name]) => name)).size, "no object is there twice").toBe(named.length);
  return Object.fromEntries(named);
}
