import { isRefusal, type Refusal, type ServiceRequest, type Transaction } from "tidings";

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
