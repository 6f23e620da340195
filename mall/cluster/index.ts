export { type ClusterArguments, clusterUsage, readClusterArguments } from "./arguments.ts";
export { ClusterError } from "./failure.ts";
export type { Member, MemberKind, MemberState } from "./member.ts";
export type { Cluster, ClusterOptions, WiredServer } from "./options.ts";
export { startCluster } from "./start-cluster.ts";
export { type ClusterStatus, clusterStatus } from "./status.ts";
export { stopCluster } from "./stop.ts";
