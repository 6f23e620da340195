import { join } from "node:path";
import { expect, test } from "vitest";
import { namesOf } from "../packages/nats/src/names.ts";
import { groupsOf, recordsOf } from "../packages/tidings/src/service-plan.ts";
import { kubernetes, mall } from "./files.fixture.ts";
import { render } from "./kustomize.fixture.ts";

interface Scaling {
  readonly scaleTargetRef: { readonly name: string };
  readonly minReplicaCount: number;
  readonly triggers: readonly {
    readonly type: string;
    readonly metadata: Readonly<Record<string, string>>;
  }[];
}

const { services } = mall();
const manifests = render(join(kubernetes, "overlays/production"));
const scalings = manifests
  .filter(({ kind }) => kind === "ScaledObject")
  .map(({ spec }) => spec as unknown as Scaling);
const settings = manifests.find(({ metadata }) => metadata.name === "mall-settings")?.data as Record<
  string,
  string
>;

/** The services from whose logs a service reads what it handles itself. */
function sourcesOf(name: string): string[] {
  const service = services.find((one) => one.name === name);
  const group = service && groupsOf(service).find((one) => one.name === name);
  const handled = group?.handlers.map(({ contract }) => contract.type) ?? [];
  return services
    .filter((source) => source !== service && handled.some((type) => recordsOf(source).has(type)))
    .map((source) => source.name)
    .sort();
}

test("what is scaled is a service, by the lag of its consumer in the stream of each service that it reads from", () => {
  const names = namesOf(settings.NATS_APP ?? "");
  expect(scalings.map(({ scaleTargetRef }) => scaleTargetRef.name)).toEqual([
    "ordering",
    "depot",
    "checkout",
  ]);
  for (const { scaleTargetRef, triggers, minReplicaCount } of scalings) {
    const { name } = scaleTargetRef;
    expect(minReplicaCount, name).toBe(2);
    const [processor, ...others] = triggers.filter(({ type }) => type !== "nats-jetstream");
    expect([processor?.type, others.length], name).toEqual(["cpu", 0]);
    const lags = triggers.filter(({ type }) => type === "nats-jetstream");
    expect(lags.map(({ metadata }) => metadata.stream).sort(), name).toEqual(
      sourcesOf(name).map((source) => names.stream(source)),
    );
    for (const { metadata } of lags) {
      expect(metadata).toMatchObject({ consumer: names.consumer(name), account: "$G" });
    }
  }
});
