import type { Fields, Value } from "./files.fixture.ts";

/** What tells the items of a list apart, as the API of Kubernetes says it; other lists are replaced as a whole. */
const mergeKeys: Readonly<Record<string, string>> = {
  containers: "name",
  env: "name",
  ports: "containerPort",
  volumes: "name",
  volumeMounts: "mountPath",
};

/** Changes `target` by a strategic merge patch of Kubernetes, as far as ours use it: null removes a field. */
export function mergeInto(target: Fields, patch: Fields): void {
  for (const [field, change] of Object.entries(structuredClone(patch))) {
    if (change === null) delete target[field];
    else target[field] = merged(field, target[field], change);
  }
}

function merged(field: string, old: Value | undefined, change: Value): Value {
  if (isFields(old) && isFields(change)) {
    mergeInto(old, change);
    return old;
  }
  const key = mergeKeys[field];
  if (key !== undefined && Array.isArray(old) && Array.isArray(change)) return mergedList(key, old, change);
  return change;
}

function mergedList(key: string, old: Value[], changes: Value[]): Value[] {
  const items = [...old];
  for (const change of changes as Fields[]) {
    const same = items.find((item) => (item as Fields)[key] === change[key]);
    if (same) mergeInto(same as Fields, change);
    else items.push(change);
  }
  return items;
}

function isFields(value: Value | undefined): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The same with every such list in the order of its keys, in which the order means nothing. */
export function inOrder(value: Value, field = ""): Value {
  if (Array.isArray(value)) {
    const items = value.map((item) => inOrder(item));
    const key = mergeKeys[field];
    return key === undefined || !items.every(isFields)
      ? items
      : items.sort((a, b) => (`${a[key]}` < `${b[key]}` ? -1 : 1));
  }
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, inOrder(item, name)]));
}
