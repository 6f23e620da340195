import { isRefusal, Problem, type Refusal, type ServiceRequest, type Transaction } from "tidings";

/** What the checks of a request led to: its answer, or what they found. */
type Checked<Result> = { readonly answer: unknown } | { readonly passed: Result };

/**
 * Checks a request before another system is called for it, in a transaction of which nothing is kept. A refusal is
 * the answer; and under an `Idempotency-Key` so is what an earlier request was answered.
 *
 * @throws Problem when the key was used for another request, or by one that is being answered; what `check` throws
 */
export async function checkFirst<Result>(
  request: ServiceRequest,
  check: (tx: Transaction) => Promise<Result | Refusal>,
): Promise<Checked<Result>> {
  try {
    const answer = await request.transaction(async (tx) => {
      const result = await check(tx);
      if (isRefusal(result)) return result;
      throw new Passed(result);
    });
    return { answer };
  } catch (error) {
    if (error instanceof Passed) return { passed: error.result as Result };
    throw error;
  }
}

/** Ends the transaction without an effect, and without an answer that would be stored under the key. */
class Passed extends Error {
  readonly result: unknown;

  constructor(result: unknown) {
    super("The checks have passed.");
    this.result = result;
  }
}

/**
 * Runs the transaction that stores what the other system has done. A repeat of the request that is being checked has the
 * key for a moment: that is waited for, 2 s at most.
 */
export async function whenKeyIsFree<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const isTaken = error instanceof Problem && error.slug === "request-in-progress";
      if (!isTaken || tries === keyTries) throw error;
      await new Promise((resolve) => setTimeout(resolve, keyPauseMs));
    }
  }
}

const keyTries = 100;
const keyPauseMs = 20;
