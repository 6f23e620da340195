import type { Store } from "@tidings/postgres";
import { type createPool, type OwnedOperation, readOperation } from "@tidings/postgres/internal";

/** Services whose operations are in one database. */
export interface OperationSource {
  readonly pool: Pick<ReturnType<typeof createPool>, "query">;
  readonly stores: readonly Store[];
}

/** Looks an operation up in every database, with one query for each. */
export async function findOperation(
  sources: readonly OperationSource[],
  id: string,
): Promise<OwnedOperation | undefined> {
  const found = await Promise.all(sources.map(({ pool, stores }) => readOperation(pool, stores, id)));
  return found.find((operation) => operation !== undefined);
}
