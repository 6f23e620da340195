/** What the harness's program is to do; it travels as JSON in the environment. */
export interface Participation {
  /** `ledger`: changes account after account, four at a time, until it is ended. `follower`: keeps effects by `program`. */
  readonly service: "ledger" | "follower";
  /** It kills itself, or stops itself by SIGSTOP, when a step is reached for the n-th time. */
  readonly at?: { readonly step: string; readonly occurrence: number; readonly outcome: "die" | "stop" };
  /**
   * Each message of every so many versions of an account fails so often, after its effect was written: batches are
   * rolled back and isolated, messages are parked and retried.
   */
  readonly failing?: { readonly every: number; readonly times: number };
  /** How long the handler of each message waits; beside it, the projection `tally` keeps effects without a wait. */
  readonly handlerMs?: number;
  /** The process ends when what it keeps does not fit into so much memory. */
  readonly heapMegabytes?: number;
  readonly subscription?: { readonly batchSize?: number };
}

export const participationVariable = "TIDINGS_PARTICIPATION";
