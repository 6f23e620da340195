import { nats } from "@tidings/nats";
import {
  createTestDatabase,
  describeTransport,
  type NatsServer,
  startNatsServer,
  type TransportScene,
} from "@tidings/testing";
import { afterAll, beforeAll } from "vitest";

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

let scenes = 0;

/** Each service has a database of its own; each case has its own streams on one server. */
async function open(services: readonly string[]): Promise<TransportScene> {
  const app = `conformance-${++scenes}`;
  const databases = new Map(
    await Promise.all(services.map(async (service) => [service, await createTestDatabase()] as const)),
  );
  const urlOf = (service: string) => databases.get(service)?.url ?? "";
  return {
    hostOf: (service) => ({ databaseUrl: urlOf(service), broker: nats({ servers: server.url, app }) }),
    environmentOf: (service) => ({
      TRANSPORT_DATABASE_URL: urlOf(service),
      TRANSPORT_NATS_URL: server.url,
      TRANSPORT_APP: app,
    }),
    broker: { stop: () => server.kill(), start: () => server.restart() },
    close: async () => {
      await Promise.all([...databases.values()].map((database) => database.drop()));
    },
  };
}

describeTransport("nats", {
  program: new URL("./nats.program.fixture.ts", import.meta.url),
  relaySteps: ["claimed", "handled", "committed"],
  open,
});
