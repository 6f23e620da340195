import { type ChildProcess, spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Participation, participationVariable } from "./participation.ts";

/** A process of its own, which can be killed as a power cut would, and stopped as a stalled machine is. */
export class Program {
  /** Settles when the process has ended: with the signal that ended it, or null after an end of its own. */
  readonly ended: Promise<NodeJS.Signals | null>;
  readonly #child: ChildProcess;
  #output = "";

  constructor(file: URL, environment: Readonly<Record<string, string>>, participation: Participation) {
    const { heapMegabytes } = participation;
    const heap = heapMegabytes ? [`--max-old-space-size=${heapMegabytes}`] : [];
    this.#child = spawn(process.execPath, [...conditions(), ...heap, fileURLToPath(file)], {
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        ...process.env,
        NODE_COMPILE_CACHE: join(tmpdir(), "tidings-test-compile-cache"),
        ...environment,
        [participationVariable]: JSON.stringify(participation),
      },
    });
    this.ended = new Promise((resolve) => this.#child.once("close", (_code, signal) => resolve(signal)));
    const take = (text: Buffer) => {
      this.#output += text;
    };
    this.#child.stdout?.on("data", take);
    this.#child.stderr?.on("data", take);
    this.#child.stdin?.on("error", () => {});
  }

  /** What it has said so far: "ready", the step at which it stops, and the errors that its host logged. */
  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("The program could not be started.");
    return this.#child.pid;
  }

  /** Whether it has said this line. @throws Error with its output when it ended before */
  hasSaid(line: string): boolean {
    if (this.#output.split("\n").includes(line)) return true;
    if (!this.isRunning) throw new Error(`The program ended before it said "${line}". ${this.#output}`);
    return false;
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    if (this.isRunning) this.#child.kill("SIGKILL");
    await this.ended;
  }

  /** Wakes it after it has stopped itself. */
  wake(): void {
    this.#child.kill("SIGCONT");
  }
}

/** The export conditions of this process: the program has to find the same packages. */
function conditions(): string[] {
  const given = process.execArgv;
  return given.flatMap((argument, index) => {
    if (/^(-C|--conditions)=/.test(argument)) return [argument];
    return /^(-C|--conditions)$/.test(argument) ? given.slice(index, index + 2) : [];
  });
}
