/**
 * The layers, from the lowest up: a package imports only from layers below its own. A package of the workspace that
 * no layer names makes the check fail.
 */
const layers = [
  /^@tidings\/core$/,
  /^@tidings\/(postgres|nats)$/,
  /^tidings$/,
  /^@tidings\/(testing|console|cli)$/,
  /^@mall\/common$/,
  /^@mall\/(?!app$|common$)/,
  /^@mall\/app$/,
  /^@tidings\/bench$/,
];
const outside = /^@tidings\/tools$/;

const tests = "\\.(test|fixture)\\.ts$";
const mallPackages = "^mall/(services|common)/";
const contract = "^mall/services/[^/]+/contract\\.ts$";
const service = "^mall/services/[^/]+/service\\.ts$";

/** The rules, in dependency-cruiser's form, for the packages `{ name, directory }` of the workspace. */
export function architectureRules(packages) {
  return [
    forbid(
      "core-stands-alone",
      "core runs anywhere: it imports nothing but itself and the type of Standard Schema.",
      { path: "^packages/core/", pathNot: tests },
      { pathNot: ["^packages/core/", "node_modules/@standard-schema/spec/", "^@standard-schema/spec$"] },
    ),
    ...packages.filter(({ name }) => !outside.test(name)).flatMap((one) => direction(one, packages)),
    forbid(
      "services-meet-by-contract",
      "a service knows of another nothing but its contract.ts.",
      { path: "^mall/services/([^/]+)/" },
      { path: "^mall/services/", pathNot: ["^mall/services/$1/", contract] },
    ),
    forbid(
      "only-the-mall-composes",
      "service.ts is imported by the programs in mall/ alone.",
      { pathNot: ["^mall/[^/]+\\.ts$", "^mall/services/"] },
      { path: service },
    ),
    forbid(
      "services-show-two-files",
      "outside its folder a service is its contract.ts and its service.ts.",
      { pathNot: "^mall/services/" },
      { path: "^mall/services/", pathNot: [contract, service] },
    ),
    forbid(
      "no-cycles",
      "modules do not import each other in a circle, types included.",
      {},
      { circular: true },
    ),
    forbid("imports-resolve", "what cannot be found cannot be judged.", {}, { couldNotResolve: true }),
  ];
}

function direction({ name, directory }, packages) {
  const own = layerOf(name);
  const notBelow = packages.filter((other) => other.name !== name && layerOf(other.name) >= own);
  const peers =
    own === layerOf("@mall/any-service") ? notBelow.filter((other) => layerOf(other.name) > own) : notBelow;
  if (peers.length === 0) return [];
  return forbid(
    "imports-point-down",
    "core ← postgres, nats ← tidings ← testing, console, cli ← mall ← bench; tests may use testing.",
    { path: `^${directory}/`, pathNot: directory === "mall" ? [tests, mallPackages] : [tests] },
    {
      path: peers.map((other) => (other.directory === "mall" ? "^mall/[^/]+\\.ts$" : `^${other.directory}/`)),
    },
  );
}

function layerOf(name) {
  const layer = layers.findIndex((pattern) => pattern.test(name));
  if (layer >= 0) return layer;
  if (outside.test(name)) return -1;
  throw new Error(`The package ${name} has no layer; give it one in tools/architecture-rules.mjs.`);
}

function forbid(name, comment, from, to) {
  return { name, comment, severity: "error", from, to };
}
