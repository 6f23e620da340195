import { createHash, randomUUID } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { type Binaries, binariesIn } from "./binaries.ts";
import { EmbeddedPostgresError } from "./failure.ts";
import { stopPostmaster } from "./postmaster.ts";
import { type Account, runProgram } from "./run-program.ts";

/** Where PostgreSQL runs from and as whom. */
export interface Place {
  /** Absolute path of the data directory; it need not exist yet, its parent does. */
  readonly data: string;
  readonly binaries: Binaries;
  /** The system user to run as; undefined means: as ourselves. */
  readonly account: Account | undefined;
}

const systemUser = "postgres";
const refuges = "/var/lib/tidings";

/**
 * An ordinary user runs PostgreSQL in the directory itself. Root may not run it at all: then it runs as the owner of
 * the data, or as the system user `postgres`, which is created if need be; and what that user cannot reach (a
 * checkout in root's home, say) is kept in `/var/lib/tidings`: the data under a hash of the directory's path, with a
 * link left in the directory, and a copy of the binaries.
 */
export async function choosePlace(
  directory: string,
  binaries: Binaries,
  log: (line: string) => void,
): Promise<Place> {
  const data = existing(join(directory, "data"));
  if (process.getuid?.() !== 0) return { data, binaries, account: undefined };
  const account = ownerOf(data) ?? (await systemAccount());
  const refuge = join(refuges, createHash("sha256").update(directory).digest("hex").slice(0, 16));
  return {
    account,
    data: await reachableData(directory, refuge, account, log),
    binaries: await reachableBinaries(binaries, account),
  };
}

/** A running PostgreSQL is known by the real path of its data. */
function existing(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

function ownerOf(path: string): Account | undefined {
  const { uid, gid } = statSync(path, { throwIfNoEntry: false }) ?? { uid: 0, gid: 0 };
  return uid === 0 ? undefined : { uid, gid };
}

async function systemAccount(): Promise<Account> {
  const found = await findAccount();
  if (found) return found;
  await runProgram("groupadd", ["--system", systemUser]);
  const created = await runProgram("useradd", [
    ...["--system", "--gid", systemUser, "--no-create-home", "--home-dir", "/nonexistent"],
    ...["--shell", "/usr/sbin/nologin", systemUser],
  ]);
  const account = await findAccount();
  if (account) return account;
  throw new EmbeddedPostgresError(
    `PostgreSQL does not run as root and the system user ${systemUser} could not be created (${created.output.trim()}); run as an ordinary user, or set DATABASE_URL.`,
  );
}

async function findAccount(): Promise<Account | undefined> {
  const ids = await Promise.all(["-u", "-g"].map((flag) => runProgram("id", [flag, systemUser])));
  const [uid = 0, gid = 0] = ids.map(({ code, output }) => (code === 0 ? Number(output) : 0));
  return uid > 0 ? { uid, gid } : undefined;
}

async function reachableData(
  directory: string,
  refuge: string,
  account: Account,
  log: (line: string) => void,
): Promise<string> {
  const data = join(directory, "data");
  if (await canEnter(directory, account)) return existing(data);
  const moved = join(refuge, "data");
  openDirectory(refuges);
  openDirectory(refuge);
  if (lstatSync(data, { throwIfNoEntry: false })?.isSymbolicLink()) return moved;
  log(`PostgreSQL cannot reach ${directory} as the user it runs as, so the data is kept in ${moved}.`);
  await stopPostmaster(moved);
  rmSync(moved, { recursive: true, force: true });
  if (existsSync(data)) await must("mv", [data, moved]);
  symlinkSync(moved, data);
  return moved;
}

/** The copy is shared by all directories; several processes may make it at once. */
async function reachableBinaries(binaries: Binaries, account: Account): Promise<Binaries> {
  if (await canRun(binaries, account)) return binaries;
  const copy = binariesIn(join(refuges, `postgres-${binaries.version}`), binaries.version);
  if (existsSync(copy.directory)) return copy;
  openDirectory(refuges);
  const draft = `${copy.directory}.${randomUUID()}`;
  await must("cp", ["-R", "-P", binaries.directory, draft]);
  await must("chmod", ["-R", "a+rX", draft]);
  try {
    renameSync(draft, copy.directory);
  } catch (error) {
    rmSync(draft, { recursive: true });
    if (!existsSync(copy.directory)) throw error;
  }
  return copy;
}

/** Root's umask may hide new directories from others; these must be open. */
function openDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, 0o755);
}

async function canEnter(directory: string, account: Account): Promise<boolean> {
  return (await runProgram("/bin/sh", ["-c", 'cd -- "$1"', "sh", directory], account)).code === 0;
}

async function canRun(binaries: Binaries, account: Account): Promise<boolean> {
  return (await runProgram(binaries.postgres, ["--version"], account)).code === 0;
}

async function must(program: string, args: readonly string[]): Promise<void> {
  const { code, output } = await runProgram(program, args);
  if (code !== 0) throw new EmbeddedPostgresError(`${program} failed: ${output.trim()}`);
}
