import { createHash } from "node:crypto";

/**
 * Where one service keeps its messages: a schema with the library's tables (`tidings_…`) beside the service's own.
 * All library SQL names the schema, so it does not depend on a search path.
 */
export interface Store {
  readonly service: string;
  readonly schema: string;
  /** The number of outbox partitions, fixed when the service is installed. */
  readonly partitions: number;
  /** `"schema"."tidings_<name>"`, quoted. */
  readonly table: (name: string) => string;
  /** The advisory lock classes of its two logs; a lock is (class, partition). */
  readonly locks: { readonly outbox: number; readonly events: number };
}

/** @param schema the service's name by default, with `-` as `_` */
export function storeOf(service: string, partitions: number, schema = schemaOf(service)): Store {
  const prefix = `${quoteIdentifier(schema)}.tidings_`;
  return {
    service,
    schema,
    partitions,
    table: (name) => prefix + name,
    locks: { outbox: lockClass(`${schema}:outbox`), events: lockClass(`${schema}:events`) },
  };
}

export function schemaOf(service: string): string {
  return service.replaceAll("-", "_");
}

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A signed 32-bit advisory lock class: two stores that shared one would wait for each other, but lose nothing. */
export function lockClass(name: string): number {
  return createHash("sha256").update(`tidings:${name}`).digest().readInt32BE(0);
}
