import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Fields, type Manifest, manifestsIn, settingsIn, type Value, yamlIn } from "./files.fixture.ts";
import { mergeInto } from "./strategic-merge.fixture.ts";

interface Kustomization {
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
  readonly configMapGenerator?: readonly Generator[];
  readonly patches?: readonly Patch[];
  readonly namespace?: string;
  readonly labels?: readonly { readonly pairs: Readonly<Record<string, string>> }[];
  readonly images?: readonly { readonly name: string; readonly newName: string; readonly newTag: string }[];
}

interface Generator {
  readonly name: string;
  readonly behavior?: "merge";
  readonly envs?: readonly string[];
  readonly literals?: readonly string[];
}

interface Patch {
  readonly path?: string;
  readonly patch?: string;
  readonly target: { readonly kind: string; readonly name?: string; readonly labelSelector?: string };
}

const understood = [
  ...["apiVersion", "kind", "resources", "components", "configMapGenerator", "patches"],
  ...["namespace", "labels", "images"],
];

/**
 * What `kubectl kustomize` makes of a directory, as far as ours use it; whatever else a kustomization says is an error.
 * Names of generated objects have no digest of their content.
 */
export function render(directory: string): Manifest[] {
  return applyTo([], directory);
}

function applyTo(below: Manifest[], directory: string): Manifest[] {
  const kustomization = yamlIn(join(directory, "kustomization.yaml")) as Kustomization;
  const foreign = Object.keys(kustomization).filter((field) => !understood.includes(field));
  if (foreign.length > 0) throw new Error(`${directory}: ${foreign.join(", ")} is not understood.`);
  const { resources = [], components = [], configMapGenerator = [], patches = [] } = kustomization;
  let manifests = [...below, ...resources.flatMap((path) => resource(join(directory, path)))];
  for (const generator of configMapGenerator) manifests = generate(manifests, generator, directory);
  for (const path of components) manifests = applyTo(manifests, join(directory, path));
  for (const patch of patches) applyPatch(manifests, patch, directory);
  for (const manifest of manifests) transform(manifest, kustomization);
  return manifests;
}

function resource(path: string): Manifest[] {
  return existsSync(join(path, "kustomization.yaml")) ? render(path) : manifestsIn(path);
}

function generate(manifests: Manifest[], generator: Generator, directory: string): Manifest[] {
  const { name, behavior, envs = [], literals = [] } = generator;
  const data: Fields = Object.assign({}, ...envs.map((path) => settingsIn(join(directory, path))));
  for (const literal of literals) data[literal.replace(/=.*/, "")] = literal.replace(/^[^=]*=/, "");
  if (behavior === undefined)
    return [...manifests, { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data }];
  const existing = manifests.find(
    (manifest) => manifest.kind === "ConfigMap" && manifest.metadata.name === name,
  );
  if (!existing) throw new Error(`${directory}: there is no ConfigMap ${name} to merge with.`);
  existing.data = { ...(existing.data as Fields), ...data };
  return manifests;
}

function applyPatch(manifests: Manifest[], patch: Patch, directory: string): void {
  const targets = manifests.filter((manifest) => isTarget(manifest, patch.target));
  for (const target of targets) {
    if (patch.path === undefined) removeFields(target, patch.patch ?? "");
    else {
      const [changes] = manifestsIn(join(directory, patch.path));
      const { name: _, ...metadata } = changes?.metadata ?? { name: "" };
      mergeInto(target, { ...changes, metadata });
    }
  }
}

function isTarget(
  { kind, metadata }: Manifest,
  { name, labelSelector, ...target }: Patch["target"],
): boolean {
  if (kind !== target.kind) return false;
  if (name !== undefined && !new RegExp(`^(${name})$`).test(metadata.name)) return false;
  const [key = "", value] = labelSelector?.split("=") ?? [];
  return labelSelector === undefined || (metadata.labels as Fields | undefined)?.[key] === value;
}

/** The only operation of a JSON patch that ours use. */
function removeFields(target: Manifest, patch: string): void {
  for (const [, operation, path = ""] of patch.matchAll(/op: (\w+)\s+path: (\S+)/g)) {
    if (operation !== "remove") throw new Error(`The operation ${operation} is not understood.`);
    const steps = path.slice(1).split("/");
    const last = steps.pop() ?? "";
    const parent = steps.reduce<Value | undefined>((value, step) => (value as Fields)?.[step], target);
    delete (parent as Fields)[last];
  }
}

function transform(manifest: Manifest, { namespace, labels = [], images = [] }: Kustomization): void {
  if (namespace !== undefined) manifest.metadata.namespace = namespace;
  for (const { pairs } of labels) mergeInto(manifest.metadata, { labels: { ...pairs } });
  for (const { name, newName, newTag } of images)
    for (const container of containersOf(manifest))
      if (container.image === name) container.image = `${newName}:${newTag}`;
}

function containersOf({ spec }: Manifest): Fields[] {
  const template = (spec as Fields | undefined)?.template as Fields | undefined;
  return ((template?.spec as Fields | undefined)?.containers ?? []) as Fields[];
}
