export { createOutbox, Outbox, type OutboxOptions } from "./adapters/outbox.ts";
export {
  type DeadLetter,
  type DeadLetterId,
  dropDeadLetter,
  editDeadLetter,
  listDeadLetters,
  retryDeadLetter,
} from "./dead-letters.ts";
export { readStream, type StoredEvent } from "./event-store.ts";
export { type Migration, type MigrationPlan, migrateService } from "./migrate.ts";
export type { StoredError } from "./parked-messages.ts";
export { removeSubscription } from "./registry.ts";
export { listSagas, readSaga, type SagaFilter, type SagaOverview } from "./sagas/manage-sagas.ts";
export { type Store, storeOf } from "./store.ts";
