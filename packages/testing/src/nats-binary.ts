import { execFile } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * The program `nats-server`: the one that the environment variable `NATS_SERVER` names, or the first on the `PATH`, or
 * Debian's. Where there is none and this process may install one (it is root, and there is apt-get), it installs the
 * package `nats-server`; of several processes that want to, one does and the others wait.
 *
 * @throws Error, one sentence that says what to install
 */
export async function findNatsServer(env: NodeJS.ProcessEnv = process.env, usual = debians): Promise<string> {
  if (env.NATS_SERVER) {
    if (isProgram(env.NATS_SERVER)) return env.NATS_SERVER;
    throw new Error(`NATS_SERVER is "${env.NATS_SERVER}", which is no program.`);
  }
  const found = search(env, usual);
  if (found) return found;
  if (process.getuid?.() !== 0 || !programOnPath("apt-get", env)) throw new Error(missing);
  await install(env);
  const installed = search(env, usual);
  if (installed) return installed;
  throw new Error(missing);
}

const missing =
  "Tidings' tests and measurements need nats-server 2.9 or later: install the package nats-server (Debian, Ubuntu, Homebrew), or set NATS_SERVER to its path.";

/** Where Debian's package puts it, which is not on the PATH of every user. */
const debians = "/usr/sbin/nats-server";

function search(env: NodeJS.ProcessEnv, usual: string): string | undefined {
  return programOnPath("nats-server", env) ?? (isProgram(usual) ? usual : undefined);
}

function programOnPath(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** `flock` holds its lock for as long as its process lives, so a killed installation blocks nobody. */
async function install(env: NodeJS.ProcessEnv): Promise<void> {
  const script =
    "command -v nats-server || (apt-get update && apt-get install -y --no-install-recommends nats-server)";
  try {
    await run("flock", [join(tmpdir(), "tidings-nats-server.lock"), "sh", "-c", script], {
      env: { ...env, DEBIAN_FRONTEND: "noninteractive" },
      timeout: 300_000,
    });
  } catch (cause) {
    throw new Error(`nats-server could not be installed with apt-get. ${missing}`, { cause });
  }
}
