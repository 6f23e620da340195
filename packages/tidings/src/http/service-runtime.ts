import type {
  ConsistencyToken,
  createPool,
  ProjectionRebuilds,
  ServiceContext,
} from "@tidings/postgres/internal";
import type { LiveHub } from "./live-hub.ts";

/** What a service's routes need of the host. */
export interface HttpRuntime {
  readonly pool: ReturnType<typeof createPool>;
  readonly context: ServiceContext;
  /** The rebuilds of the service's projections. */
  readonly rebuilds: Pick<ProjectionRebuilds, "list" | "start" | "cancel">;
  /** Whether the service has seen, in this time, all that the token names. */
  consistent(token: ConsistencyToken, service: string, timeoutMs: number): Promise<boolean>;
  /** Where the requests of this process wait for operations. */
  readonly live: LiveHub;
}
