import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { ClusterError } from "./failure.ts";

/** Where Debian's package puts it, which is not on every user's path. */
const usualPlaces = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"];

/**
 * The path of the `nats-server` to run: what `NATS_SERVER` names, else the first one on the path or in a usual place.
 * @throws ClusterError that says what to install
 */
export function findNatsServer({ NATS_SERVER, PATH = "" }: NodeJS.ProcessEnv): string {
  if (NATS_SERVER) {
    if (isProgram(NATS_SERVER)) return NATS_SERVER;
    throw new ClusterError(`NATS_SERVER names ${NATS_SERVER}, which is no program; set it to a nats-server.`);
  }
  const places = [...PATH.split(delimiter).filter(Boolean), ...usualPlaces];
  const found = places.map((place) => join(place, "nats-server")).find(isProgram);
  if (found) return found;
  throw new ClusterError(
    "nats-server is not installed; install it (apt-get install nats-server, brew install nats-server), or set NATS_SERVER to its path.",
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
