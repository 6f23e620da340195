import type { Manifest } from "./files.fixture.ts";
import { selects } from "./pods.fixture.ts";

type Labels = Readonly<Record<string, string>>;

interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values: readonly string[];
  }[];
}

interface Rule {
  readonly to?: readonly Peer[];
  readonly from?: readonly Peer[];
  readonly ports?: readonly { readonly port: number }[];
}

interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
}

interface Policy {
  readonly podSelector: Selector;
  readonly policyTypes: readonly ("Ingress" | "Egress")[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

/** A pod of the Mall's own namespace, or of another one. */
export interface Pod {
  readonly labels: Labels;
  readonly namespace?: string;
}

/**
 * Whether NetworkPolicies let one pod connect to a port of another: policies add up, and whom none of a direction selects
 * may do everything in that direction. Knows what ours use: selectors of pods and of namespaces by their name.
 */
export function mayConnect(manifests: readonly Manifest[], from: Pod, to: Pod, port: number): boolean {
  const policies = manifests
    .filter(({ kind }) => kind === "NetworkPolicy")
    .map(({ spec }) => spec as unknown as Policy);
  const sends = permits(policies, "Egress", from, ({ egress = [] }) =>
    egress.some((rule) => concerns(rule, rule.to, to, port)),
  );
  const receives = permits(policies, "Ingress", to, ({ ingress = [] }) =>
    ingress.some((rule) => concerns(rule, rule.from, from, port)),
  );
  return sends && receives;
}

function permits(
  policies: readonly Policy[],
  direction: "Ingress" | "Egress",
  { labels, namespace }: Pod,
  permit: (policy: Policy) => boolean,
): boolean {
  const own = policies.filter(
    ({ podSelector, policyTypes }) =>
      namespace === undefined && policyTypes.includes(direction) && isMeant(podSelector, labels),
  );
  return own.length === 0 || own.some(permit);
}

function concerns({ ports }: Rule, peers: readonly Peer[] | undefined, pod: Pod, port: number): boolean {
  if (ports && !ports.some((one) => one.port === port)) return false;
  return peers === undefined || peers.some((peer) => isPeer(peer, pod));
}

function isPeer({ podSelector = {}, namespaceSelector }: Peer, { labels, namespace }: Pod): boolean {
  const name = namespace === undefined ? {} : { "kubernetes.io/metadata.name": namespace };
  const isPlace = namespaceSelector ? isMeant(namespaceSelector, name) : namespace === undefined;
  return isPlace && isMeant(podSelector, labels);
}

function isMeant({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return (
    selects(matchLabels, labels) &&
    matchExpressions.every(({ key, operator, values }) => {
      if (operator !== "In" && operator !== "NotIn") throw new Error(`${operator} is not understood.`);
      return values.includes(labels[key] ?? "") === (operator === "In");
    })
  );
}
