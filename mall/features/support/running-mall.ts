import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { until } from "@tidings/testing";

const repository = resolve(import.meta.dirname, "../../..");

/** A Mall in a process of its own, as `npm start` starts it: empty, with an address of its own, and without bots. */
export class RunningMall {
  readonly #process: ChildProcess;
  readonly #directory: string;
  readonly #ended: Promise<void>;
  #output = "";
  #hasEnded = false;

  constructor(settings: Readonly<Record<string, string>> = {}) {
    this.#directory = mkdtempSync(join(tmpdir(), "mall-features-"));
    chmodSync(this.#directory, 0o755);
    this.#process = spawn(process.execPath, [join(repository, "tools/run.mjs"), "start"], {
      env: { ...process.env, ...plain, MALL_DATA: this.#directory, ...settings },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // Ctrl-C is for us alone: we end it, once
    });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.on("data", (chunk) => (this.#output += chunk));
    this.#ended = new Promise((done) => this.#process.once("close", () => done()));
    this.#process.once("close", () => (this.#hasEnded = true));
    process.once("exit", this.#killedWithUs);
  }

  /** Its address, once it is open. @throws Error with what it said, when it does not open */
  async whenOpen(): Promise<string> {
    const open = () => this.#hasEnded || /health +(http:\/\/[\d.]+:\d+)/.exec(this.#output)?.[1];
    const url = await until("the Mall is open", open, { timeout: 60_000 }).catch(async (error) => {
      await this.close();
      throw new Error(`${error.message} It said:\n${this.#output}`);
    });
    if (typeof url === "string") return url;
    await this.close();
    throw new Error(`The Mall has not opened. It said:\n${this.#output}`);
  }

  /** The warnings and errors that it logged, in short, one on each line. */
  get complaints(): string {
    const lines = this.#output.split("\n").filter((line) => line.startsWith("{"));
    return lines.map(complaintIn).join("\n");
  }

  /** Ends it in an orderly way and removes its data. Repeats are harmless. */
  async close(): Promise<void> {
    process.off("exit", this.#killedWithUs);
    this.#process.kill("SIGTERM");
    await this.#ended;
    rmSync(this.#directory, { recursive: true, force: true });
  }

  readonly #killedWithUs = (): void => void this.#process.kill("SIGTERM");
}

function complaintIn(line: string): string {
  try {
    const { msg, err } = JSON.parse(line) as { msg?: string; err?: { message?: string } };
    return `  ${[msg, err?.message].filter(Boolean).join(": ")}`;
  } catch {
    return `  ${line}`;
  }
}

/** Whatever is set where the features run: the Mall is the one for newcomers, with an empty database of its own. */
const plain = {
  DATABASE_URL: "",
  NATS_URL: "",
  HOST: "",
  PORT: "0",
  MALL_DEMO: "1",
  MALL_BOTS: "0",
  MALL_CURRENCY: "",
  MALL_HOLD_EXPIRES: "",
  MALL_JWT_SECRET: "",
  MALL_JWKS_URL: "",
  PROCESSOR_URL: "",
  SMTP_URL: "",
};
