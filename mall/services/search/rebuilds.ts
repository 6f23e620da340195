import { type ProjectionStatus, type Refusal, refuse, TidingsError } from "tidings";
import type { ProjectionResource } from "./schemas.ts";

/** A projection as it is answered. */
export function projectionResource({ name, rebuild }: ProjectionStatus): ProjectionResource {
  if (!rebuild) return { name, state: "idle" };
  const { state, handled, total, startedAt, endedAt, error, eventsPerSecond, remainingSeconds } = rebuild;
  const percent = total === 0 ? 100 : Math.floor((100 * handled) / total);
  return {
    name,
    state,
    progress: {
      handled,
      total,
      percent,
      ...(eventsPerSecond !== null && { eventsPerSecond }),
      ...(remainingSeconds !== null && { remainingSeconds }),
    },
    startedAt: startedAt.toISOString(),
    ...(endedAt && { endedAt: endedAt.toISOString() }),
    ...(error && { error: error.message }),
  };
}

/** Does what may be refused because of the state of a rebuild. @returns the refusal, with the error's code as its rule */
export async function refusing<Result>(work: () => Promise<Result>): Promise<Result | Refusal> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TidingsError && refusals.has(error.code)) return refuse(error.code, error.message);
    throw error;
  }
}

const refusals = new Set<string>([
  "rebuild-running",
  "rebuild-not-running",
  "archive-incomplete",
  "projection-not-rebuildable",
]);
