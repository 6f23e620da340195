import { type ChildProcess, spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the program ends: right after this call to the processor took effect, before anything of it is stored. */
export type DeadlyCall = "hold" | "capture" | "release";

/** Payments in a process of their own, which dies in the middle of a call. */
export interface DoomedPayments {
  readonly url: string;
  /** Settles when the process is gone, with the signal that ended it. */
  readonly ended: Promise<NodeJS.Signals | null>;
  kill(): void;
}

/** Starts `doomed-payments.program.fixture.ts`; resolves when it serves. */
export function startDoomed(
  databaseUrl: string,
  processorUrl: string,
  { deadly, holdExpiresMs }: { readonly deadly: DeadlyCall; readonly holdExpiresMs: number },
): Promise<DoomedPayments> {
  const file = fileURLToPath(new URL("./doomed-payments.program.fixture.ts", import.meta.url));
  const args = [databaseUrl, processorUrl, deadly, String(holdExpiresMs)];
  const child = spawn(process.execPath, ["--conditions=source", file, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "tidings-test-compile-cache") },
  });
  return whenServing(child);
}

function whenServing(child: ChildProcess): Promise<DoomedPayments> {
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once("close", (_code, signal) => resolve(signal)),
  );
  return new Promise((resolve, reject) => {
    let output = "";
    const take = (text: Buffer) => {
      output += text;
      const [, url] = /serving (\S+)\n/.exec(output) ?? [];
      if (url) resolve({ url, ended, kill: () => child.kill("SIGKILL") });
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    void ended.then(() => reject(new Error(`The program ended before it served. ${output}`)));
  });
}
