import { type Operation, readOperations } from "@tidings/postgres/internal";
import type { LiveRow, LiveSql, LiveTopic } from "./live-topic.ts";
import type { OperationSource } from "./operation-source.ts";

/** Things of one kind that can be followed. */
export interface LiveKind<Data = unknown> {
  readonly name: string;
  /** So long a thing that is not there yet is waited for, before its follower is told that there is none. */
  readonly graceMs: number;
  /**
   * Reads how these stand.
   * @param known by the same index, the version that every follower of it has seen (-1: not all have seen one): a row
   * that is still at it may be left out
   */
  read(ids: readonly string[], known: readonly number[]): Promise<readonly (LiveRow & { data: Data })[]>;
}

/** The operations of all services: they exist before anybody knows their ids. */
export function operationKind(sources: readonly OperationSource[]): LiveKind<Operation> {
  return {
    name: "operations",
    graceMs: 0,
    async read(ids, known) {
      const found = await Promise.all(
        sources.map(({ pool, stores }) => readOperations(pool, stores, { ids, known })),
      );
      return found.flat().map(({ operation, ...row }) => ({ ...row, data: operation }));
    },
  };
}

/** What a service offers. A client may know an id a moment before the thing itself exists: another service told it. */
export function offeredKind(topic: LiveTopic, sql: LiveSql): LiveKind {
  return { name: topic.name, graceMs: 1_000, read: (ids) => topic.read(sql, ids) };
}
