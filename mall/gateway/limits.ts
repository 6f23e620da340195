/** What the gateway takes on, and how long it tries. */
export interface GatewayLimits {
  /** Requests to one service at a time: 256. */
  readonly inFlight: number;
  /** Requests that wait until one of those has ended: 256 for each service. */
  readonly queued: number;
  /** How long they wait at most, in milliseconds: 2,000. */
  readonly queueMs: number;
  /** Waiting requests, event streams and WebSockets at a time, of all services together: 10,000. */
  readonly long: number;
  /** Bytes of request bodies that are held at a time: 64 MiB. */
  readonly bodyBytes: number;
  /** So long an upstream that answers is looked for, in milliseconds: 5,000. */
  readonly budgetMs: number;
  /** So long one upstream may take for an answer, besides the time that `Prefer: wait` asks for: 15,000 ms. */
  readonly answerMs: number;
  /** So long a WebSocket that follows something goes without the service that knows it: 10,000 ms. */
  readonly liveMs: number;
}

export const defaultLimits: GatewayLimits = {
  inFlight: 256,
  queued: 256,
  queueMs: 2_000,
  long: 10_000,
  bodyBytes: 64 * 1024 * 1024,
  budgetMs: 5_000,
  answerMs: 15_000,
  liveMs: 10_000,
};
