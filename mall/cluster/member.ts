/** What a process of the cluster is. */
export type MemberKind = "service" | "gateway" | "bots" | "nats";

/** `starting → ready ⇄ unready`, from each of them back to `starting` when the process has died, and at last `stopped`. */
export type MemberState = "starting" | "ready" | "unready" | "stopped";

/** One process of the cluster, started again whenever it dies. */
export interface Member {
  /** `ordering-1`, `nats-2`, `gateway`, `bots`. */
  readonly name: string;
  readonly service: string;
  readonly kind: MemberKind;
  /** Where it listens on 127.0.0.1. */
  readonly port: number;
  /** Undefined while there is no process. */
  readonly pid: number | undefined;
  readonly restarts: number;
  readonly state: MemberState;
  /** Sends a signal to the process, if there is one. The cluster takes it for an accident. */
  kill(signal: NodeJS.Signals): void;
}

/** How to start a process of the cluster, and how to ask whether it is ready. */
export interface MemberPlan {
  readonly name: string;
  readonly service: string;
  readonly kind: MemberKind;
  readonly port: number;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Answers 200 when the process is ready, anything else when it is merely alive. */
  readonly healthUrl: string;
  readonly logFile: string;
}
