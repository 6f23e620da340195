import type { QueryResult } from "@tidings/core";

/** How something that can be followed stands. */
export interface LiveRow {
  /** A UUID. */
  readonly id: string;
  /** Another number after each change: nothing is sent for a row whose version is the one sent last. */
  readonly version: number;
  /** Whose it is: what the application's `maySee` decides by. */
  readonly owner?: string | undefined;
  /** What the client gets, as JSON: best exactly what the route that reads it answers. */
  readonly data: unknown;
}

/** Runs one statement in the service's schema, for reading. */
export type LiveSql = <Row = Record<string, unknown>>(
  text: string,
  values?: readonly unknown[],
) => Promise<QueryResult<Row>>;

export interface LiveTopicOptions {
  /**
   * Reads how these stand, in one statement however many they are, and in any order; one that does not exist is left
   * out. It is asked for everything that anybody follows, every 500 ms while anybody does, and soon after each commit of
   * this process.
   */
  readonly read: (sql: LiveSql, ids: readonly string[]) => Promise<readonly LiveRow[]>;
}

/** A kind of thing that clients may follow; see {@link liveTopic}. */
export interface LiveTopic extends LiveTopicOptions {
  readonly name: string;
}

/**
 * Lets clients follow a service's own things on the WebSocket `/api/live`, under `<name>/<id>`: they are sent how it
 * stands when they subscribe, and again after each change. States in between may be left out; the last one never is.
 *
 * @throws Error when the name is not lower-case kebab-case, or `operations`, which are the library's own
 */
export function liveTopic(name: string, options: LiveTopicOptions): LiveTopic {
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name) || name === "operations")
    throw new Error(`"${name}" cannot be the name of a live topic.`);
  return { name, read: options.read };
}
