export { createTestDatabase, type TestDatabase } from "./database.ts";
export { type ProbeOptions, until } from "./probe.ts";
export { runSaga, SagaRun } from "./saga-run.ts";
export { startTestHost, type TestHost } from "./test-host.ts";
