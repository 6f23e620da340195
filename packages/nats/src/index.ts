import type { BrokerOptions } from "@tidings/core";
import { Connection } from "./connection.ts";
import { NatsBroker } from "./nats-broker.ts";
import { type NatsOptions, settingsOf } from "./options.ts";

export { type NatsEnvironment, natsFromEnvironment } from "./environment.ts";
export type { NatsOptions, NatsTls } from "./options.ts";

/**
 * A broker over NATS JetStream 2.9 or later, for services with databases of their own.
 * @throws TidingsError `configuration-invalid`, with every problem at once
 */
export function nats(options: NatsOptions = {}): BrokerOptions {
  const settings = settingsOf(options);
  return { connect: async (client) => new NatsBroker(await Connection.open(settings, client)) };
}
