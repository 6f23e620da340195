import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { createMall, type Mall } from "../mall/mall.ts";

export const root = resolve(import.meta.dirname, "..");
export const kubernetes = join(root, "deploy/kubernetes");

/** Whatever YAML can say. */
export type Value = string | number | boolean | null | Value[] | { [key: string]: Value };
export type Fields = { [key: string]: Value };

/** An object of Kubernetes, as far as all of them are alike. */
export interface Manifest extends Fields {
  apiVersion: string;
  kind: string;
  metadata: Fields & { name: string };
}

export function text(path: string): string {
  return readFileSync(resolve(root, path), "utf8");
}

/** The objects of a file, read as Kubernetes reads it: by YAML 1.1, in which 0440 is an octal number. */
export function manifestsIn(path: string): Manifest[] {
  return parseManifests(text(path));
}

export function parseManifests(yaml: string): Manifest[] {
  const documents = parseAllDocuments(yaml, { version: "1.1" });
  if (!Array.isArray(documents)) return [];
  return documents.map((document) => {
    const [error] = document.errors;
    if (error) throw error;
    return document.toJS() as Manifest;
  });
}

/** A file that is one value, with `<<` resolved as Docker Compose does. @throws Error where it is not YAML */
export function yamlIn(path: string): unknown {
  return parse(text(path), { merge: true });
}

/** The `NAME=value` lines of a file. */
export function settingsIn(path: string): Record<string, string> {
  const lines = [...text(path).matchAll(/^([A-Z][A-Z0-9_]*)=(.*)$/gm)];
  return Object.fromEntries(lines.map(([, name = "", value = ""]) => [name, value]));
}

/** The Mall, the simulated card processor among its services. */
export function mall(): Mall {
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  return createMall({ access: { demo: true }, log });
}

export function servicesOfTheMall(): string[] {
  return mall()
    .services.map(({ name }) => name)
    .sort();
}

export function upstreamOf(service: string): string {
  return `UPSTREAM_${inCapitals(service)}`;
}

export function inCapitals(service: string): string {
  return service.toUpperCase().replaceAll("-", "_");
}
