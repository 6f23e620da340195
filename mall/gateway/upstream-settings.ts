/** Where the processes of services are, and what is wrong with what was said of them. */
export interface UpstreamSettings {
  /** By the name of the service. */
  readonly upstreams: Readonly<Record<string, readonly string[]>>;
  /** A sentence each. */
  readonly problems: readonly string[];
}

/**
 * Reads `UPSTREAM_<SERVICE>` of each service: the addresses of its processes, with commas between them, such as
 * `http://127.0.0.1:8101,http://127.0.0.1:8102`.
 */
export function readUpstreams(services: readonly string[], env: NodeJS.ProcessEnv): UpstreamSettings {
  const read = services.map((service) => {
    const setting = `UPSTREAM_${service.toUpperCase().replaceAll("-", "_")}`;
    const addresses = (env[setting] ?? "").split(",").map((address) => address.trim());
    return { service, setting, addresses: addresses.filter((address) => address !== "") };
  });
  const problems = read.flatMap(({ service, setting, addresses }) => {
    if (addresses.length === 0) return [`${setting} must be set: where the processes of ${service} are.`];
    return addresses
      .filter((address) => !isOrigin(address))
      .map((address) => `${setting} must name addresses like http://127.0.0.1:8101, not ${address}.`);
  });
  return {
    upstreams: Object.fromEntries(read.map(({ service, addresses }) => [service, addresses])),
    problems,
  };
}

/** The gateway is near its services: it talks plain HTTP to them, and passes paths on as they are. */
function isOrigin(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && url.protocol === "http:" && url.href === `${url.origin}/`;
}
