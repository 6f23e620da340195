import type { Clock } from "@tidings/core";
import type { Pool } from "pg";
import type { SubscriptionKey } from "./cursors.ts";
import type { HandlersByType } from "./handle-messages.ts";
import type { RetryPolicy } from "./parked-messages.ts";
import type { Positions, ServiceContext } from "./unit-of-work.ts";

/** How a subscription works. */
export interface SubscriptionSettings {
  /** At most so many messages in one transaction. */
  readonly batchSize: number;
  /** So many batches at once in this process while handlers wait for other things; else one after the other. */
  readonly workers: number;
  readonly handlerTimeoutMs: number;
  /** A batch begins no further message after this time; what a batch or interleaved handler was given is finished. */
  readonly sliceMs: number;
  readonly retry: RetryPolicy;
}

export const defaultSubscriptionSettings: SubscriptionSettings = {
  batchSize: 500,
  workers: 8,
  handlerTimeoutMs: 30_000,
  sliceMs: 50,
  retry: { attempts: 10, minDelayMs: 100, maxDelayMs: 60_000 },
};

/** A batch that runs longer no longer keeps others from starting. */
export const overdueMs = 1_000;

/** Where the library writes what an operator should know. Never a payload. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What a subscription needs of its surroundings. */
export interface SubscriptionEnvironment {
  readonly key: SubscriptionKey;
  readonly context: ServiceContext;
  readonly handlers: HandlersByType;
  /** Whether to archive what is handled, so that the projection can be rebuilt. */
  readonly isArchiving: boolean;
  readonly pool: Pool;
  readonly clock: Clock;
  readonly settings: SubscriptionSettings;
  readonly log: Log;
  /** Called after each commit with how far the subscription has come in each partition. */
  readonly progressed: (positions: Positions) => void;
  /** Called at each step of a batch, in order; tests end the process there. */
  readonly probe: (step: BatchStep) => void | Promise<void>;
}

/** The steps of a batch's transaction, in order, and those of the retry of a parked message. */
export const batchSteps = [
  "claimed",
  "handled",
  "committed",
  "rolled-back",
  "parked",
  "retry-claimed",
  "retry-handled",
  "retry-committed",
  "retry-rolled-back",
] as const;
export type BatchStep = (typeof batchSteps)[number];
