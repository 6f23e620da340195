import { readFileSync } from "node:fs";
import {
  type ConnectionOptions,
  connect,
  credsAuthenticator,
  type NatsConnection,
} from "@nats-io/transport-node";
import { TidingsError } from "@tidings/core";
import { unavailable } from "./failures.ts";
import type { NatsCredentials, NatsSettings } from "./options.ts";

/** The data of a message, and what its headers may take besides. */
export const neededPayload = 1_000_000 + 16 * 1_024;
/** Within this a first connection succeeds or fails. */
const connectMs = 10_000;

/**
 * Connects for the first time, which succeeds or fails within ten seconds; from then on the client reconnects for ever.
 * @throws TidingsError `broker-unavailable`, or `broker-drift` when the server does not take messages of the promised size
 */
export async function dial(settings: NatsSettings, name: string): Promise<NatsConnection> {
  const connection = await connectOnce(settings, name);
  try {
    checkPayload(connection);
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function connectOnce(settings: NatsSettings, name: string): Promise<NatsConnection> {
  const { servers } = settings;
  const opening = connect({
    servers: [...servers],
    name,
    timeout: Math.max(1_000, Math.min(3_000, Math.floor(connectMs / servers.length))),
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: 200,
    reconnectJitter: 100,
    reconnectJitterTLS: 200,
    pingInterval: 1_500,
    maxPingOut: 2,
    noAsyncTraces: true,
    ...authentication(settings.credentials),
    ...(settings.tls && { tls: { ...settings.tls } }),
  });
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error("nobody answers in time")), connectMs);
  });
  try {
    return await Promise.race([opening, expired]);
  } catch (error) {
    void opening.then((late) => late.close()).catch(() => {});
    throw unavailable(
      `The NATS ${servers.length > 1 ? "servers" : "server"} ${servers.join(", ")} cannot be used`,
      error,
    );
  } finally {
    clearTimeout(timer);
  }
}

function authentication(credentials: NatsCredentials): ConnectionOptions {
  switch (credentials.kind) {
    case "none":
      return {};
    case "password":
      return { user: credentials.user, pass: credentials.password };
    case "token":
      return { token: credentials.token };
    case "file":
      return { authenticator: credsAuthenticator(() => readFileSync(credentials.path)) };
  }
}

function checkPayload({ info }: NatsConnection): void {
  const allowed = info?.max_payload ?? 0;
  if (allowed >= neededPayload) return;
  throw new TidingsError(
    "broker-drift",
    `The NATS server has max_payload ${allowed} but should have at least ${neededPayload}: set max_payload to 1MB or more in its configuration.`,
  );
}
