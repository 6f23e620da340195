import type { Member } from "./member.ts";

/** A server that processes of the cluster connect to, at a port of 127.0.0.1. */
export interface WiredServer {
  readonly kind: "postgres" | "nats";
  readonly port: number;
  /** The name of the process that connects. */
  readonly client: string;
}

export interface ClusterOptions {
  /** Where data, passwords, logs and the state are kept; created when missing. */
  readonly directory: string;
  /** The gateway's: 8080. 0 takes any free port. */
  readonly port?: number;
  /** Settings of every process, on top of those that it gets. */
  readonly env?: Readonly<Record<string, string>>;
  /** How often a service is started: ordering, depot and checkout twice, the others once. */
  readonly copies?: Readonly<Record<string, number>>;
  /** How many simulated bots collect goods: 3. */
  readonly bots?: number;
  /** A process that answers nothing for so long is killed and started again: 15,000. */
  readonly unresponsiveMs?: number;
  /** Puts something between the processes and a server: told where it listens, answers where to connect instead. */
  readonly wire?: (server: WiredServer) => Promise<{ readonly port: number }>;
  /** Ends the cluster when it is aborted, like `close()`; a start that is under way rejects when everything has ended. */
  readonly signal?: AbortSignal;
  /** Told in one line each what happens. */
  readonly log: (line: string) => void;
}

/** The Mall as a cluster, at work. */
export interface Cluster {
  /** The gateway's. */
  readonly url: string;
  /** Where each node of the broker tells of itself. */
  readonly monitorUrls: readonly string[];
  readonly members: readonly Member[];
  /** Where each service finds its database, with its own role. */
  readonly databases: Readonly<Record<string, string>>;
  /** The superuser's, of the same server. */
  readonly adminUrl: string;
  /** Stops PostgreSQL and starts it again on the same port; `immediate` is like a crash. */
  restartPostgres(mode: "immediate" | "fast"): Promise<void>;
  /**
   * Ends everything in order: gateway, bots, services, broker, PostgreSQL. Safe to call twice. When our process exits
   * without it, all processes are killed.
   */
  close(): Promise<void>;
}
