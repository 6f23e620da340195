import { type Place, shopperClient, Unexpected } from "./shopper-client.ts";
import { planOf } from "./shopper-plan.ts";
import { randomOf } from "./shopper-random.ts";
import { openStores, type Staff } from "./shopper-staff.ts";
import { goShopping } from "./shopper-trip.ts";

export interface CrowdOptions {
  /** How many shoppers are in the mall at the same time; when one leaves, the next comes. */
  readonly shoppers: number;
  /** The choices of all shoppers and of the staff follow from it. */
  readonly seed: number;
  /** Tells this crowd from others with the same seed, for whom the mall has accounts already. */
  readonly name: string;
  /** Whether one more shopper may come, when so many have come. */
  readonly comesNext: (came: number) => boolean;
}

/** Lets simulated shoppers into the mall until no more come and the last has left, or until the place's signal. */
export async function runCrowd(place: Place, options: CrowdOptions): Promise<void> {
  const { seed, shoppers, comesNext } = options;
  const clerk = shopperClient(place);
  const staff = await noting(place, () => openStores(clerk, randomOf(`${seed} stores`)));
  if (!staff) return;
  let came = 0;
  const visitAll = async () => {
    while (!place.signal.aborted && comesNext(came)) await visit(place, options, staff, ++came);
  };
  await Promise.all(Array.from({ length: shoppers }, visitAll));
}

/** One shopper's trip. Meanwhile the staff does something, too, every second time. */
async function visit(place: Place, options: CrowdOptions, staff: Staff, number: number): Promise<void> {
  const { seed, name } = options;
  const visitor = { name: `Shopper ${number}`, email: `shopper-${number}.${name}@example.com` };
  const choices = randomOf(`${seed} staff ${number}`);
  await Promise.all([
    noting(place, () => goShopping(shopperClient(place), visitor, planOf(seed, number))),
    choices.chance(0.5) && noting(place, () => staff.act(choices)),
  ]);
}

/** Writes down what goes wrong, so that the others go on. */
async function noting<Result>(
  { tally, signal }: Place,
  go: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await go();
  } catch (error) {
    if (!signal.aborted) tally.unexpected.push(describe(error as Error));
    return undefined;
  }
}

function describe(error: Error): string {
  if (error instanceof Unexpected) return error.message;
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : String(error);
}
