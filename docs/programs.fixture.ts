import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { expect } from "vitest";
import { until } from "../packages/testing/src/index.ts";

/** A program of the documentation at work. */
export interface RunningProgram {
  readonly url: string;
  /** Ends it in order, or at once. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

/** Starts a file of a workbench and waits until it listens, at a port of its own. */
export async function startProgram(
  file: string,
  env: Readonly<Record<string, string>>,
): Promise<RunningProgram> {
  const program = spawn(process.execPath, ["--conditions=source", file], {
    cwd: dirname(file),
    env: { ...process.env, HOST: "", PORT: "0", LOG_LEVEL: "info", ...env },
  });
  const ended = once(program, "exit");
  const end = async (signal: "SIGTERM" | "SIGKILL") => {
    program.kill(signal);
    await ended;
  };
  try {
    return { url: await listening(program), end };
  } catch (error) {
    await end("SIGKILL");
    throw error;
  }
}

/** The address that a program says it listens at. */
async function listening(program: ChildProcess): Promise<string> {
  let output = "";
  for (const stream of [program.stdout, program.stderr])
    stream?.on("data", (chunk: Buffer) => {
      output += chunk;
    });
  const url = await until(
    "the program listens",
    () => {
      if (program.exitCode !== null) return { failed: output };
      return /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
    },
    { timeout: 30_000 },
  );
  if (typeof url !== "string") throw new Error(`The program ended: ${url.failed}`);
  return url;
}

/** Posts JSON and returns the answer's `Consistency-Token`. */
export async function post(url: string, body: object): Promise<string> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.ok, `POST ${url}: ${response.status} ${await response.text()}`).toBe(true);
  return response.headers.get("consistency-token") ?? "";
}

/** @returns what is there; undefined when the answer is no success */
export async function get(url: string, headers: Record<string, string> = {}): Promise<unknown> {
  const response = await fetch(url, { headers });
  return response.ok ? response.json() : undefined;
}
