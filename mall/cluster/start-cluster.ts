import { mkdirSync, realpathSync } from "node:fs";
import { sharedEnvironment } from "./environment.ts";
import { ClusterError } from "./failure.ts";
import { endLeftovers } from "./leftovers.ts";
import { findNatsServer } from "./nats-binary.ts";
import type { Cluster, ClusterOptions } from "./options.ts";
import { defaultCopies, portNames, type ServiceCopy, serviceCopies, services } from "./plan.ts";
import { choosePorts, isFree } from "./ports.ts";
import { RunningCluster } from "./running-cluster.ts";
import { keptSecrets } from "./secrets.ts";
import { type ClusterState, readState, supervisorOf } from "./state.ts";

/** How long what was left behind may take to end. */
const leftoversMs = 15_000;

/**
 * Starts the Mall as a cluster: PostgreSQL with a database and a role for each service, three nodes of NATS, every
 * service as a process of its own, the gateway, the bots. Whatever dies is started again, until `close()`.
 *
 * The directory belongs to one cluster at a time. What a cluster that was killed has left behind is ended first.
 *
 * @throws ClusterError or EmbeddedPostgresError, one sentence for the user; nothing is left running
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const nats = findNatsServer(process.env);
  mkdirSync(options.directory, { recursive: true });
  const directory = realpathSync(options.directory);
  const before = readState(directory);
  refuseWhileRunning(before, options.directory);
  if (before && (await endLeftovers(before, leftoversMs)) > 0)
    options.log("What an earlier cluster has left behind was stopped.");
  const copies = serviceCopies({ ...defaultCopies, ...options.copies });
  const { ports, gatewayPort } = await portsFor(copies, options, before);
  const setting = {
    directory,
    env: sharedEnvironment(process.env, options.env),
    secrets: keptSecrets(directory, services),
    ports,
    gatewayPort,
  };
  const cluster = new RunningCluster({ options, setting, copies, nats });
  const { signal } = options;
  signal?.addEventListener("abort", () => void cluster.close());
  try {
    signal?.throwIfAborted();
    await cluster.start();
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

function refuseWhileRunning(state: ClusterState | undefined, directory: string): void {
  const holder = supervisorOf(state);
  if (!state || !holder) return;
  throw new ClusterError(
    `The Mall runs in ${directory} already (process ${holder.pid}, ${state.url}); stop it with npm run mall:cluster -- --stop, or choose another directory with --directory.`,
  );
}

async function portsFor(
  copies: readonly ServiceCopy[],
  { port = 8080 }: ClusterOptions,
  before: ClusterState | undefined,
) {
  if (port !== 0 && !(await isFree(port)))
    throw new ClusterError(
      `The address 127.0.0.1:${port} is in use; stop the program that listens there, or choose another with --port.`,
    );
  const ports = await choosePorts([...portNames(copies), "gateway"], before?.ports);
  return { ports, gatewayPort: port || (ports.gateway ?? 0) };
}
