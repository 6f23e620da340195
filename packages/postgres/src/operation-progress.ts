import type { Transaction } from "@tidings/core";
import {
  type Handler,
  isUuid,
  type MessageOf,
  type OperationProgress,
  type OperationProgressed,
  onBatch,
  type StepProgress,
} from "@tidings/core";
import { type OperationStep, operationExpiry, stepOrder } from "./operations.ts";
import type { ServiceTransaction } from "./service-transaction.ts";

interface OpenOperation {
  readonly id: string;
  readonly steps: readonly OperationStep[];
}

/**
 * Keeps a service's operations up to date with what the sagas of another one tell: `reacts: [follows(CheckoutProgressed)]`.
 * Steps move only forward; a response or an error ends the operation. Operations of other services are passed over.
 */
export function follows(contract: OperationProgressed): Handler {
  return onBatch(contract, async (events, tx) => {
    const byOperation = Map.groupBy(events, ({ data }) => data.operationId);
    const { rows } = await tx.query<OpenOperation>(
      `select id, steps from tidings_operations where id = any ($1::uuid[]) and not done order by id for update`,
      [[...byOperation.keys()].filter(isUuid)],
    );
    const told = rows.map((operation) => merge(operation, byOperation.get(operation.id) ?? [], tx.now()));
    if (told.length > 0) await update(tx, told);
  });
}

type Told = Pick<OperationProgress, "operationId" | "response" | "error"> & {
  readonly steps: readonly OperationStep[];
};

/** What an operation becomes by reports in their order. Nothing that comes after its end counts. */
function merge(
  { id, steps }: OpenOperation,
  events: readonly MessageOf<OperationProgressed>[],
  now: Date,
): Told {
  const end = events.findIndex(({ data }) => data.response !== undefined || data.error !== undefined);
  const counted = end < 0 ? events : events.slice(0, end + 1);
  let merged: readonly OperationStep[] = steps;
  for (const { data } of counted) merged = data.steps.reduce((all, step) => withStep(all, step, now), merged);
  const { response, error } = counted.at(-1)?.data ?? {};
  return { operationId: id, steps: merged, ...(response && { response }), ...(error && { error }) };
}

function withStep(
  steps: readonly OperationStep[],
  { name, state }: StepProgress,
  now: Date,
): readonly OperationStep[] {
  const known = steps.find((step) => step.name === name);
  const next = { name, state, at: state === "pending" ? null : now.toISOString() };
  if (!known) return [...steps, next];
  return stepOrder[state] > stepOrder[known.state]
    ? steps.map((step) => (step === known ? next : step))
    : steps;
}

async function update(tx: Transaction, told: readonly Told[]): Promise<void> {
  const json = (value: object | undefined) => (value === undefined ? null : JSON.stringify(value));
  const now = tx.now();
  for (const { operationId } of told) (tx as ServiceTransaction).touchOperation(operationId);
  await tx.query(
    `update tidings_operations o
     set version = version + 1, done = n.response is not null or n.error is not null, steps = n.steps,
       response = n.response, error = n.error, updated_at = $5, expires_at = $6
     from unnest($1::uuid[], $2::json[], $3::json[], $4::json[]) n (id, steps, response, error) where o.id = n.id`,
    [
      told.map(({ operationId }) => operationId),
      told.map(({ steps }) => JSON.stringify(steps)),
      told.map(({ response }) => json(response)),
      told.map(({ error }) => json(error)),
      now,
      operationExpiry(now),
    ],
  );
}
