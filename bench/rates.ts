import { type Load, measureDelivery, type Rates } from "./delivery.ts";
import { inOneDatabase, overNats } from "./hosts.ts";
import { measureLimit } from "./limit.ts";
import { billingInSequence } from "./workload.ts";

/** What was measured in each round. */
export interface RoundFindings {
  readonly limits: number[];
  readonly plain: readonly Rates[];
  readonly inSequence: number[];
  /** End to end, of the plain rate in the runs before and after. */
  readonly held: { readonly transaction: number[]; readonly snapshot: number[] };
  /** Each service in a database of its own; `shares` are end to end, of the plain rate in the runs before and after. */
  readonly apart: { readonly rates: Rates[]; readonly shares: number[] };
}

/** The limit of the machine, and the rates of deliveries: what is compared with each other is measured in turns. */
export async function measureRates(
  serverUrl: string,
  { load, hasNats }: { readonly load: Load; readonly hasNats: boolean },
  rounds: Iterable<unknown>,
): Promise<RoundFindings> {
  const [together, apart] = [inOneDatabase(serverUrl), overNats(serverUrl)];
  const turns = new Turns(() => measureDelivery(together, load));
  const found: RoundFindings = {
    limits: [],
    plain: turns.plain,
    inSequence: [],
    held: { transaction: [], snapshot: [] },
    apart: { rates: [], shares: [] },
  };
  const measureTheLimit = async () =>
    found.limits.push(await measureLimit(serverUrl, load.count, load.producers));
  const warmUp = { ...load, count: load.count / 10 };
  await measureDelivery(together, warmUp);
  if (hasNats) await measureDelivery(apart, warmUp);
  for (const _ of rounds) {
    await measureTheLimit();
    await turns.measure();
    for (const held of ["transaction", "snapshot"] as const) {
      const { share } = await turns.between(() => measureDelivery(together, load, { held }));
      found.held[held].push(share);
    }
    if (hasNats) {
      const { rates, share } = await turns.between(() => measureDelivery(apart, load));
      found.apart.rates.push(rates);
      found.apart.shares.push(share);
    }
    const inSequence = await measureDelivery(together, load, { subscriber: billingInSequence });
    found.inSequence.push(inSequence.endToEnd);
    await measureTheLimit();
  }
  return found;
}

/** The plain run, measured again and again, with others in between. */
class Turns {
  readonly plain: Rates[] = [];
  readonly #measurePlain: () => Promise<Rates>;

  constructor(measurePlain: () => Promise<Rates>) {
    this.#measurePlain = measurePlain;
  }

  async measure(): Promise<Rates> {
    const rates = await this.#measurePlain();
    this.plain.push(rates);
    return rates;
  }

  /** Measures something else, then the plain run again. @returns its rates, and their share of those before and after */
  async between(measureOther: () => Promise<Rates>): Promise<{ rates: Rates; share: number }> {
    const before = this.plain.at(-1) ?? (await this.measure());
    const rates = await measureOther();
    const after = await this.measure();
    return { rates, share: (2 * rates.endToEnd) / (before.endToEnd + after.endToEnd) };
  }
}
