import { join } from "node:path";
import { ClusterError } from "./failure.ts";
import type { MemberKind, MemberState } from "./member.ts";
import { contentOf, replaceFile } from "./private-file.ts";
import { isAlive, type ProcessNote } from "./process-identity.ts";

/** A member, as others see it. */
export interface MemberNote {
  readonly name: string;
  readonly service: string;
  readonly kind: MemberKind;
  readonly port: number;
  readonly process: ProcessNote | null;
  readonly restarts: number;
  readonly state: MemberState;
  /** When the process was started, in ISO 8601. */
  readonly since: string | undefined;
}

/** What the supervisor tells of the cluster, for `--status`, `--stop` and the next start. No secret is part of it. */
export interface ClusterState {
  /** None when the cluster was closed. */
  readonly supervisor: ProcessNote | null;
  readonly url: string;
  readonly postgresPort: number;
  /** The ports of everything, so that they stay the same from start to start. */
  readonly ports: Readonly<Record<string, number>>;
  readonly members: readonly MemberNote[];
}

/** What was written last; undefined when nothing has run in the directory. @throws ClusterError when it is unreadable */
export function readState(directory: string): ClusterState | undefined {
  const file = fileIn(directory);
  const text = contentOf(file);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as ClusterState;
  } catch (cause) {
    throw new ClusterError(`${file} cannot be read; stop what still runs there and delete the file.`, {
      cause,
    });
  }
}

export function writeState(directory: string, state: ClusterState): void {
  replaceFile(fileIn(directory), `${JSON.stringify(state, null, 2)}\n`);
}

/** The process that supervises the cluster, if it is there. */
export function supervisorOf(state: ClusterState | undefined): ProcessNote | undefined {
  const supervisor = state?.supervisor;
  return supervisor && isAlive(supervisor) ? supervisor : undefined;
}

function fileIn(directory: string): string {
  return join(directory, "state.json");
}
