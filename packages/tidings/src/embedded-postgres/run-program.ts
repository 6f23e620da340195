import { spawn } from "node:child_process";

/** The system user that a program runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export interface Outcome {
  readonly code: number;
  /** Standard output and standard error, as they came. */
  readonly output: string;
}

/**
 * Runs a program to its end and never throws: one that cannot be started has code 127.
 * It gets a process group of its own, so that a Ctrl-C meant for us does not interrupt it.
 */
export function runProgram(program: string, args: readonly string[], account?: Account): Promise<Outcome> {
  return new Promise((done) => {
    const child = spawn(program, args, {
      ...account,
      cwd: process.platform === "win32" ? undefined : "/",
      detached: process.platform !== "win32",
      env: cleanEnvironment(),
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
    });
    let output = "";
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.once("error", (error) => done({ code: 127, output: error.message }));
    child.once("close", (code) => done({ code: code ?? 1, output }));
  });
}

/** PostgreSQL's programs obey PGDATA, PGPORT and the like; ours must obey their arguments alone. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG)/.test(name));
  return { ...Object.fromEntries(others), LC_ALL: "C" };
}
