import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

const tailLength = 4_096;

/**
 * What a process says, in a file that begins empty. At 10 MB it becomes `<file>.1`, in place of the one before, so that
 * the two never take more than twice that.
 */
export class LogFile {
  readonly #file: string;
  readonly #maxBytes: number;
  #descriptor: number | undefined;
  #bytes = 0;
  #tail = "";

  constructor(file: string, maxBytes = 10_000_000) {
    this.#file = file;
    this.#maxBytes = maxBytes;
    mkdirSync(dirname(file), { recursive: true });
    rmSync(`${file}.1`, { force: true });
    this.#descriptor = openSync(file, "w", 0o600);
  }

  /** What the process said at last, most likely why it ended: its last line that names an error, else its last line. */
  get lastWords(): string {
    const lines = this.#tail.split("\n").map((line) => line.trim());
    const said = lines.findLast((line) => /^\w*Error\b/.test(line)) ?? lines.findLast((line) => line !== "");
    return said?.slice(0, 500) ?? "";
  }

  write(chunk: Buffer): void {
    if (this.#descriptor === undefined) return;
    if (this.#bytes > 0 && this.#bytes + chunk.length > this.#maxBytes) this.#rotate(this.#descriptor);
    this.#bytes += writeSync(this.#descriptor, chunk);
    this.#tail = (this.#tail + chunk.toString()).slice(-tailLength);
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #rotate(descriptor: number): void {
    closeSync(descriptor);
    renameSync(this.#file, `${this.#file}.1`);
    this.#descriptor = openSync(this.#file, "w", 0o600);
    this.#bytes = 0;
  }
}
