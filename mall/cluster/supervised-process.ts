import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { Backoff } from "./backoff.ts";
import { ClusterError } from "./failure.ts";
import { askHealth, type Health, healthTimeoutMs } from "./health.ts";
import { LogFile } from "./log-file.ts";
import type { Member, MemberPlan, MemberState } from "./member.ts";
import { noteOf, type ProcessNote } from "./process-identity.ts";
import type { MemberNote } from "./state.ts";

export interface Supervision {
  /** Told in one line whenever something happens that a user should know. */
  readonly log: (line: string) => void;
  /** Called at each change of state, pid or number of restarts. */
  readonly changed: () => void;
  /** A process that answers nothing for so long is killed and started again. */
  readonly unresponsiveMs: number;
  /** How long a process may take to become ready; one that is started again, to answer anything. */
  readonly startTimeoutMs: number;
  /** How long a process may take to end; then it is killed. */
  readonly stopTimeoutMs: number;
  /** How often a process is asked for its health: 1,000. */
  readonly pollMs?: number;
}

const pollWhileStartingMs = 200;

/**
 * A process that is kept alive. It is started again when it dies, after a wait that grows, and killed when it does not
 * answer; it is asked for its health once a second. It has a process group of its own, so that a Ctrl-C meant for us
 * does not reach it, and a channel to us, whose end tells it that we are gone.
 */
export class SupervisedProcess implements Member {
  readonly #plan: MemberPlan;
  readonly #supervision: Supervision;
  readonly #log: LogFile;
  readonly #backoff = new Backoff();
  readonly #stopping = new AbortController();
  readonly #firstReady = Promise.withResolvers<void>();
  #child: ChildProcess | undefined;
  #note: ProcessNote | null = null;
  #exited: Promise<void> = Promise.resolve();
  #state: MemberState = "starting";
  #restarts = 0;
  #wasReady = false;
  #spawnedAt = 0;
  #since: string | undefined;
  /** For how long the process has answered nothing. */
  #silentMs = 0;

  constructor(plan: MemberPlan, supervision: Supervision) {
    this.#plan = plan;
    this.#supervision = supervision;
    this.#log = new LogFile(plan.logFile);
    this.#firstReady.promise.catch(() => {});
  }

  get name(): string {
    return this.#plan.name;
  }
  get service(): string {
    return this.#plan.service;
  }
  get kind(): Member["kind"] {
    return this.#plan.kind;
  }
  get port(): number {
    return this.#plan.port;
  }
  get pid(): number | undefined {
    return this.#child?.pid;
  }
  get restarts(): number {
    return this.#restarts;
  }
  get state(): MemberState {
    return this.#state;
  }

  /** What others are told of it. */
  get note(): MemberNote {
    const { name, service, kind, port, restarts, state } = this;
    return { name, service, kind, port, process: this.#note, restarts, state, since: this.#since };
  }

  /**
   * Starts it and resolves when it is ready. From then on it is kept alive.
   * @throws ClusterError when it ends instead, or is not ready in time
   */
  start(): Promise<void> {
    this.#spawn();
    void this.#watch();
    return this.#firstReady.promise;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Ends it: SIGTERM, and SIGKILL if that does not help in time. It stays ended. Safe to call twice. */
  async stop(): Promise<void> {
    const { stopTimeoutMs, log } = this.#supervision;
    this.#stopping.abort();
    this.#firstReady.reject(new ClusterError(`${this.name} was stopped while it started.`));
    this.kill("SIGTERM");
    this.kill("SIGCONT");
    const ended = new AbortController();
    const inTime = await Promise.race([
      this.#exited.then(() => true),
      pause(stopTimeoutMs, false, { signal: ended.signal }).catch(() => true),
    ]);
    ended.abort();
    if (!inTime) {
      log(`! ${this.name}  did not end within ${seconds(stopTimeoutMs)}, and was killed`);
      this.kill("SIGKILL");
      await this.#exited;
    }
    this.#log.close();
    this.#enter("stopped");
  }

  #spawn(): void {
    const { program, args, env, kind } = this.#plan;
    const child = spawn(program, args, {
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe", ...(kind === "nats" ? [] : ["ipc" as const])],
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk: Buffer) => this.#log.write(chunk));
    this.#child = child;
    this.#note = noteOf(child.pid);
    this.#spawnedAt = performance.now();
    this.#since = new Date().toISOString();
    this.#silentMs = 0;
    const exit = Promise.withResolvers<void>();
    this.#exited = exit.promise;
    const ended = (how: string) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.#note = null;
      exit.resolve();
      this.#onEnd(how);
    };
    child.once("exit", (code, signal) => ended(signal ?? `exit code ${code}`));
    child.once("error", (error) => child.pid === undefined && ended(error.message));
    this.#enter("starting");
  }

  #onEnd(how: string): void {
    if (this.#stopping.signal.aborted) return;
    const { log, changed } = this.#supervision;
    if (!this.#wasReady) {
      const reason = this.#log.lastWords.replace(/\.$/, "") || how;
      const where = `see ${this.#plan.logFile}`;
      this.#firstReady.reject(new ClusterError(`${this.name} did not start: ${reason} (${where}).`));
      return;
    }
    const waitMs = this.#backoff.next(performance.now() - this.#spawnedAt);
    this.#restarts++;
    this.#state = "starting";
    log(`✗ ${this.name}  ended (${how}), starts again in ${seconds(waitMs)}`);
    changed();
    void this.#spawnAfter(waitMs);
  }

  async #spawnAfter(waitMs: number): Promise<void> {
    const { signal } = this.#stopping;
    await pause(waitMs, undefined, { signal }).catch(() => {});
    if (!signal.aborted) this.#spawn();
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopping;
    const { pollMs = 1_000 } = this.#supervision;
    for (let before = performance.now(); !signal.aborted; ) {
      if (this.#child) {
        const answer = await askHealth(this.#plan.healthUrl, signal);
        const now = performance.now();
        if (!signal.aborted) this.#judge(answer, Math.min(now - before, pollMs + healthTimeoutMs));
        before = now;
      }
      const waitMs = this.#state === "starting" ? pollWhileStartingMs : pollMs;
      await pause(waitMs, undefined, { signal }).catch(() => {});
    }
  }

  /** @param passedMs since the last answer; what we ourselves were late is not the process's silence */
  #judge(answer: Health, passedMs: number): void {
    if (!this.#child) return;
    if (answer === "ready") this.#becomeReady();
    else if (this.#state === "ready" && answer === "unready") this.#enter("unready");
    this.#silentMs = answer === "silent" ? this.#silentMs + passedMs : 0;
    const { unresponsiveMs, startTimeoutMs } = this.#supervision;
    const late = `is not ready after ${seconds(startTimeoutMs)}, see ${this.#plan.logFile}`;
    if (!this.#wasReady) {
      if (performance.now() - this.#spawnedAt > startTimeoutMs)
        this.#firstReady.reject(new ClusterError(`${this.name} ${late}.`));
    } else if (this.#state === "starting") {
      if (this.#silentMs >= startTimeoutMs) this.#giveUp(late);
    } else if (this.#silentMs >= unresponsiveMs) {
      this.#giveUp(`does not answer for ${seconds(unresponsiveMs)}`);
    }
  }

  #becomeReady(): void {
    if (this.#state === "ready") return;
    if (this.#state === "starting") {
      const again = this.#restarts > 0 ? "ready again" : "ready";
      this.#supervision.log(`✓ ${this.name}  ${again}  ${seconds(performance.now() - this.#spawnedAt)}`);
    }
    this.#wasReady = true;
    this.#enter("ready");
    this.#firstReady.resolve();
  }

  #giveUp(what: string): void {
    this.#supervision.log(`! ${this.name}  ${what}, and is killed`);
    this.#silentMs = 0;
    this.kill("SIGKILL");
  }

  #enter(state: MemberState): void {
    this.#state = state;
    this.#supervision.changed();
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}
