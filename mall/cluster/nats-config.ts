/** A node of the broker and the ports of 127.0.0.1 that it listens at. */
export interface NatsNode {
  readonly name: string;
  /** For clients. */
  readonly port: number;
  /** For its health and its figures. */
  readonly monitorPort: number;
  /** For the other nodes. */
  readonly routePort: number;
}

export interface NatsSettings {
  readonly nodes: readonly NatsNode[];
  /** Where the node keeps its streams. */
  readonly storeDirectory: string;
  readonly clientPassword: string;
  readonly routePassword: string;
}

/** Who the services are at the broker. */
export const natsUser = "mall";

/**
 * The configuration of one node. Nodes do not tell clients of each other (`no_advertise`): clients use the addresses that
 * they were given, so that something may be put in between.
 */
export function natsConfig(node: NatsNode, settings: NatsSettings): string {
  const { nodes, storeDirectory, clientPassword, routePassword } = settings;
  const routes = nodes
    .filter(({ name }) => name !== node.name)
    .map(({ routePort }) => `    "nats-route://routes:${routePassword}@127.0.0.1:${routePort}"`);
  return `server_name: "${node.name}"
listen: "127.0.0.1:${node.port}"
http: "127.0.0.1:${node.monitorPort}"
authorization {
  user: "${natsUser}"
  password: "${clientPassword}"
}
jetstream {
  store_dir: ${JSON.stringify(storeDirectory)}
  max_memory_store: 64MB
  max_file_store: 8GB
}
cluster {
  name: "mall"
  listen: "127.0.0.1:${node.routePort}"
  no_advertise: true
  authorization {
    user: "routes"
    password: "${routePassword}"
  }
  routes: [
${routes.join("\n")}
  ]
}
`;
}
