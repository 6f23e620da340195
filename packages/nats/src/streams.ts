import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from "@nats-io/jetstream";
import { TidingsError } from "@tidings/core";
import type { Connection } from "./connection.ts";
import {
  apiCodeOf,
  noSuitablePeers,
  reasonOf,
  replicasNeedCluster,
  streamOfOtherForm,
  streamUnknown,
  subjectsTaken,
} from "./failures.ts";
import type { Names } from "./names.ts";

type Wanted = Pick<StreamConfig, (typeof fixed)[number] | (typeof changeable)[number] | "name" | "subjects">;

const fixed = ["storage", "retention"] as const;
const changeable = [
  "discard",
  "max_age",
  "max_bytes",
  "max_msgs",
  "max_msgs_per_subject",
  "max_msg_size",
  "num_replicas",
  "duplicate_window",
] as const;

const duplicateWindowMs = 120_000;

/**
 * Makes the stream of a service's log, or changes the one that is there into what it should be. Safe to repeat, and to
 * do in several processes at once.
 * @throws TidingsError `broker-drift` naming stream, field, what is and what should be; `broker-unavailable`
 */
export async function openStream(connection: Connection, names: Names, service: string): Promise<void> {
  const wanted = wantedStream(connection, names, service);
  await connection.insist(`The log of ${service} cannot be opened`, async () => {
    try {
      await reconcile(connection, wanted);
    } catch (error) {
      throw explained(error, wanted);
    }
  });
}

/** Whether JetStream knows that there is no such stream. @throws what keeps it from answering */
export async function isMissing({ manager }: Connection, stream: string): Promise<boolean> {
  try {
    await manager.streams.info(stream);
    return false;
  } catch (error) {
    if (apiCodeOf(error) === streamUnknown) return true;
    throw error;
  }
}

function wantedStream({ settings }: Connection, names: Names, service: string): Wanted {
  const { maxAgeMs, maxBytes, replicas } = settings;
  return {
    name: names.stream(service),
    subjects: [names.subjects(service)],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    max_age: nanoseconds(maxAgeMs),
    max_bytes: maxBytes ?? -1,
    max_msgs: -1,
    max_msgs_per_subject: -1,
    max_msg_size: -1,
    num_replicas: replicas,
    duplicate_window: nanoseconds(Math.min(duplicateWindowMs, maxAgeMs)),
  };
}

function nanoseconds(milliseconds: number): number {
  return milliseconds * 1_000_000;
}

async function reconcile(connection: Connection, wanted: Wanted): Promise<void> {
  const found = await streamInfo(connection.manager, wanted.name);
  if (!found) return create(connection, wanted);
  const drifts = driftsOf(found.config, wanted);
  if (drifts.length > 0) {
    throw new TidingsError(
      "broker-drift",
      `The stream "${wanted.name}" ${drifts.join(", ")}: change it by hand, or delete it on purpose.`,
    );
  }
  if (isAsWanted(found.config, wanted)) return;
  const { name, storage: _, retention: __, ...changes } = wanted;
  await connection.manager.streams.update(name, changes);
}

async function create(connection: Connection, wanted: Wanted): Promise<void> {
  try {
    await connection.manager.streams.add(wanted);
  } catch (error) {
    const code = apiCodeOf(error);
    if (code !== subjectsTaken && code !== streamOfOtherForm) throw error;
    if (code === subjectsTaken) await refuseTaken(connection, wanted, error);
    await reconcile(connection, wanted);
  }
}

/** The stream's state; undefined when there is none. */
export async function streamInfo(manager: JetStreamManager, stream: string): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(stream);
  } catch (error) {
    if (apiCodeOf(error) === streamUnknown) return undefined;
    throw error;
  }
}

/** What cannot be changed, or must not be since it belongs to somebody else. */
function driftsOf(found: StreamConfig, wanted: Wanted): string[] {
  const drifts = fixed
    .filter((field) => found[field] !== wanted[field])
    .map((field) => `has ${field} ${found[field]} but should have ${wanted[field]}`);
  const own = wanted.subjects[0]?.slice(0, -1) ?? "";
  if (!found.subjects?.some((subject) => subject.startsWith(own))) {
    drifts.push(
      `has subjects ${found.subjects?.join(" ") || "none"} but should have ${wanted.subjects.join(" ")}`,
    );
  }
  if (found.sealed) drifts.push("has sealed true but should have false");
  if (found.no_ack) drifts.push("has no_ack true but should have false");
  if (found.mirror) drifts.push(`has mirror ${found.mirror.name} but should have none`);
  return drifts;
}

function isAsWanted(found: StreamConfig, wanted: Wanted): boolean {
  const isEqual = changeable.every((field) => found[field] === wanted[field]);
  return isEqual && found.subjects.join(" ") === wanted.subjects.join(" ");
}

/** Throws when another stream has the subjects; it may be this very stream, made by another process just now. */
async function refuseTaken({ manager }: Connection, wanted: Wanted, cause: unknown): Promise<void> {
  const subject = wanted.subjects[0] ?? "";
  const takers: string[] = [];
  for await (const name of manager.streams.names(subject)) takers.push(name);
  const others = takers.filter((name) => name !== wanted.name);
  if (others.length === 0) return;
  throw new TidingsError(
    "broker-drift",
    `The stream "${wanted.name}" should have subjects ${subject}, but the stream ${others.map((name) => `"${name}"`).join(", ")} has them: delete it, or give one application another name.`,
    { cause },
  );
}

/** Refusals of the server in our words; what may pass stays as it is, to be tried again. */
function explained(error: unknown, { name, num_replicas }: Wanted): unknown {
  const code = apiCodeOf(error);
  if (code === replicasNeedCluster) {
    return new TidingsError(
      "broker-drift",
      `The stream "${name}" should have num_replicas ${num_replicas}, but this NATS is no cluster: start one, or ask for 1 replica.`,
      { cause: error },
    );
  }
  if (code === noSuitablePeers) {
    return new Error(
      `the stream "${name}" should have num_replicas ${num_replicas}, and there are not so many NATS servers in reach; start more, or ask for fewer replicas`,
      { cause: error },
    );
  }
  if (code !== undefined && !(error instanceof TidingsError) && /cannot|can not/i.test(reasonOf(error))) {
    return new TidingsError(
      "broker-drift",
      `The stream "${name}" cannot be changed into what it should be: ${reasonOf(error)}.`,
      {
        cause: error,
      },
    );
  }
  return error;
}
