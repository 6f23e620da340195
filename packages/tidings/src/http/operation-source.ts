import type { Store } from "@tidings/postgres";
import type { createPool } from "@tidings/postgres/internal";

/** Services whose operations are in one database. */
export interface OperationSource {
  readonly pool: Pick<ReturnType<typeof createPool>, "query">;
  readonly stores: readonly Store[];
}
