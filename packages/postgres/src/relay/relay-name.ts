/** The name of the relay among the subscriptions to a service's outbox. */
export const relayName = "@relay";
