import type { Manifest } from "./files.fixture.ts";

/** Of a pod, what the checks look at. */
export interface PodSpec {
  readonly automountServiceAccountToken?: boolean;
  readonly enableServiceLinks?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly restartPolicy?: string;
  readonly securityContext?: unknown;
  readonly topologySpreadConstraints?: readonly unknown[];
  readonly containers: readonly Container[];
  readonly volumes?: readonly Volume[];
}

export interface Container {
  readonly args?: readonly string[];
  readonly image?: string;
  readonly env?: readonly Variable[];
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly volumeMounts?: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
  readonly resources?: unknown;
  readonly securityContext?: unknown;
  readonly ports?: readonly unknown[];
  readonly startupProbe?: unknown;
  readonly livenessProbe?: unknown;
  readonly readinessProbe?: unknown;
}

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef: { readonly name: string; readonly key: string; readonly optional?: boolean };
  };
}

interface Volume {
  readonly name: string;
  readonly emptyDir?: unknown;
  readonly secret?: {
    readonly secretName: string;
    readonly items?: readonly { readonly key: string; readonly path: string }[];
  };
}

/** What runs pods, for ever or once. */
export interface Workload {
  readonly kind: "Deployment" | "Job";
  readonly name: string;
  readonly replicas: number | undefined;
  readonly selector: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly pod: PodSpec;
  readonly container: Container;
}

export function workloadsIn(manifests: readonly Manifest[], kind: Workload["kind"]): Workload[] {
  return manifests
    .filter((manifest) => manifest.kind === kind)
    .map((manifest) => {
      const { template, replicas, selector } = manifest.spec as unknown as {
        readonly replicas?: number;
        readonly selector?: { readonly matchLabels: Record<string, string> };
        readonly template: {
          readonly metadata: { readonly labels: Record<string, string> };
          readonly spec: PodSpec;
        };
      };
      const [container, ...others] = template.spec.containers;
      if (!container || others.length > 0)
        throw new Error(`${manifest.metadata.name} has not exactly one container.`);
      return {
        kind,
        name: manifest.metadata.name,
        replicas,
        selector: selector?.matchLabels ?? {},
        labels: template.metadata.labels,
        pod: template.spec,
        container,
      };
    });
}

/** Whether a pod with these labels is meant. */
export function selects(
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(selector).every(([label, value]) => labels[label] === value);
}

/** The environment of a program, as names; those of its ConfigMaps among them. */
export function environmentOf({ container }: Workload, manifests: readonly Manifest[]): string[] {
  const maps = (container.envFrom ?? []).flatMap(({ configMapRef: { name } }) => {
    const map = manifests.find(
      (manifest) => manifest.kind === "ConfigMap" && manifest.metadata.name === name,
    );
    if (!map) throw new Error(`There is no ConfigMap ${name}.`);
    return Object.keys(map.data as object);
  });
  return [...maps, ...(container.env ?? []).map(({ name }) => name)];
}

/** Where the files are that a program is given, and of which key of which secret each is. */
export function secretFilesOf({ container, pod }: Workload): Map<string, { secret: string; key: string }> {
  const files = new Map<string, { secret: string; key: string }>();
  for (const { name, mountPath } of container.volumeMounts ?? []) {
    const secret = pod.volumes?.find((volume) => volume.name === name)?.secret;
    for (const { key, path } of secret?.items ?? [])
      files.set(`${mountPath}/${path}`, { secret: secret?.secretName ?? "", key });
  }
  return files;
}
