export { createTestDatabase, type TestDatabase } from "./database.ts";
export { type NatsServer, type NatsServerOptions, startNatsCluster, startNatsServer } from "./nats-server.ts";
export { type ProbeOptions, until } from "./probe.ts";
export { runSaga, SagaRun } from "./saga-run.ts";
export { startTestHost, type TestHost } from "./test-host.ts";
export { describeTransport } from "./transport/describe-transport.ts";
export { participate } from "./transport/participate.ts";
export type { TransportHarness, TransportPlace, TransportScene } from "./transport/transport-harness.ts";
