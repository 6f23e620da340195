import type { FastifyBaseLogger } from "fastify";

/** Where the gateway says what its operator should know. */
export type Log = Pick<FastifyBaseLogger, "info" | "warn">;
