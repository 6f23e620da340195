import type { ConsistencyToken, createPool, Positions, ServiceContext } from "@tidings/postgres/internal";
import type { OperationSource } from "./operation-source.ts";
import type { OperationWaits } from "./operation-waits.ts";

/** What a service's routes need of the host. */
export interface HttpRuntime {
  readonly pool: ReturnType<typeof createPool>;
  readonly context: ServiceContext;
  /** Called after each commit that recorded messages: wakes the subscriptions. */
  recorded(positions: Positions): void;
  /** Whether the service has seen, in this time, all that the token names. */
  consistent(token: ConsistencyToken, service: string, timeoutMs: number): Promise<boolean>;
  /** The waiting requests of this process, and where its operations are. */
  readonly waits: OperationWaits;
  readonly operations: readonly OperationSource[];
}
