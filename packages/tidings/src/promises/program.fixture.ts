import { type ChildProcess, spawn } from "node:child_process";
import { flushCompileCache } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A child process that can be killed as a power cut would: it gets no chance to clean up. */
export class Program {
  /** Settles when the process has ended: with the signal that ended it, or null after an end of its own. */
  readonly ended: Promise<NodeJS.Signals | null>;
  /** Resolves when the program has said "ready". @throws Error with its output when it ends before */
  readonly ready: Promise<void>;
  readonly #child: ChildProcess;
  #output = "";

  constructor(name: string, args: readonly string[]) {
    const file = fileURLToPath(new URL(`./${name}.program.fixture.ts`, import.meta.url));
    this.#child = spawn(process.execPath, ["--conditions=source", file, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "tidings-test-compile-cache") },
    });
    this.ended = new Promise((resolve) => this.#child.once("close", (_code, signal) => resolve(signal)));
    this.ready = new Promise((resolve, reject) => {
      const take = (text: Buffer) => {
        this.#output += text;
        if (this.#output.includes("ready\n")) resolve();
      };
      this.#child.stdout?.on("data", take);
      this.#child.stderr?.on("data", take);
      void this.ended.then(() => reject(new Error(`${name} ended before it was ready. ${this.#output}`)));
    });
    this.ready.catch(() => {});
  }

  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    if (this.isRunning) this.#child.kill("SIGKILL");
    await this.ended;
  }
}

/** Tells the test that this program is at work. What was compiled is kept first: a killed process would lose it. */
export function sayReady(): void {
  flushCompileCache();
  console.log("ready");
}

/** Ends this process at once, in the middle of what it does. */
export function killSelf(): void {
  process.kill(process.pid, "SIGKILL");
}

/** What a program's host logs goes to the test that started it. */
export const programLog = {
  info: () => {},
  warn: () => {},
  error: (fields: object, message: string) => console.error(message, fields),
};
