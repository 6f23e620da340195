import type { StandardSchemaV1 } from "@standard-schema/spec";
import { defineEvent, type EventContract } from "../contract.ts";

/** How far one step of an operation is. A step moves only forward: pending → running → done | failed → compensated. */
export interface StepProgress {
  readonly name: string;
  readonly state: "pending" | "running" | "done" | "failed" | "compensated";
}

/** How far a workflow is, told to the service that keeps its operation. At its end with a response or an error. */
export interface OperationProgress {
  readonly operationId: string;
  readonly steps: readonly StepProgress[];
  readonly response?: object;
  readonly error?: object;
}

export type OperationProgressed = EventContract<`${string}.OperationProgressed`, OperationProgress>;

/**
 * The contract by which a service's sagas tell how far they are: `defineProgress("checkout")`. It belongs into the
 * service's contract.ts and `publishes`; the service that keeps the operations reacts to it with `follows`.
 */
export function defineProgress<const Service extends string>(service: Service): OperationProgressed {
  return defineEvent(`${service}.OperationProgressed`, {
    key: "operationId",
    schema: progressSchema,
    example: {
      operationId: "01981f4a-7c00-7000-8000-000000000020",
      steps: [{ name: "AuthorizeCustomer", state: "running" }],
    },
  }) as OperationProgressed;
}

const states: readonly unknown[] = ["pending", "running", "done", "failed", "compensated"];

const progressSchema: StandardSchemaV1<unknown, OperationProgress> = {
  "~standard": {
    version: 1,
    vendor: "tidings",
    validate: (value) => {
      const progress = value as OperationProgress | null;
      const isValid =
        typeof progress?.operationId === "string" &&
        Array.isArray(progress.steps) &&
        progress.steps.every((step) => typeof step?.name === "string" && states.includes(step.state));
      return isValid ? { value: progress } : { issues: [{ message: "is not the progress of an operation" }] };
    },
  },
};
