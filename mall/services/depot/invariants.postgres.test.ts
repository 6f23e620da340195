import fc from "fast-check";
import { uuidv7 } from "tidings";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  addBot,
  type BotAnswer,
  type Depot,
  knownProduct,
  type ListAnswer,
  startDepot,
} from "./depot.fixture.ts";

let depot: Depot;
let ink: Awaited<ReturnType<typeof knownProduct>>;
beforeAll(async () => {
  depot = await startDepot();
  ink = await knownProduct(depot);
});
afterAll(() => depot?.close());

const graph = new Set([
  "pending available",
  "pending cancelled",
  "available assigned",
  "available cancelled",
  "assigned completed",
]);
const steps = { create: 1, initiate: 2, cancel: 1, assign: 3, collect: 3, complete: 3 };
type StepName = keyof typeof steps;
const name = fc.oneof(
  ...(Object.keys(steps) as StepName[]).map((one) => ({ weight: steps[one], arbitrary: fc.constant(one) })),
);
const step = fc.record({ name, order: fc.nat(2), bot: fc.nat(1) });

/** Three orders and two bots of their own, with the last status that was seen of each list. */
interface World {
  readonly orders: readonly string[];
  readonly bots: readonly string[];
  readonly lists: Map<string, string>;
  readonly statuses: Map<string, string>;
}

async function take(world: World, { name, order, bot }: { name: StepName; order: number; bot: number }) {
  const orderId = world.orders[order] ?? "";
  const shoppingListId = world.lists.get(orderId);
  const path = `/api/shopping-lists/${shoppingListId}` as const;
  if (name === "create") {
    const items = [{ productId: ink.productId, quantity: 1 }];
    const { result } = await depot.ask("CreateShoppingList", { orderId, items });
    if (result?.shoppingListId) world.lists.set(orderId, result.shoppingListId);
  } else if (name === "cancel") await depot.ask("CancelShoppingList", { orderId });
  else if (!shoppingListId) return;
  else if (name === "initiate") await depot.ask("InitiateShopping", { shoppingListId, orderId });
  else if (name === "assign") await depot.api(`POST ${path}/assign`, { botId: world.bots[bot] });
  else if (name === "collect") await depot.api(`POST ${path}/stops/${ink.storeId}/collect`);
  else await depot.api(`POST ${path}/complete`);
}

async function check({ bots, lists, statuses }: World) {
  const assigned: (string | undefined)[] = [];
  for (const id of lists.values()) {
    const { body } = await depot.api<ListAnswer>(`GET /api/shopping-lists/${id}`);
    const before = statuses.get(id) ?? "pending";
    if (before !== body.status) expect(graph).toContain(`${before} ${body.status}`);
    statuses.set(id, body.status);
    if (body.status === "assigned") assigned.push(body.botId);
  }
  const states = await Promise.all(bots.map((id) => depot.api<BotAnswer>(`GET /api/bots/${id}`)));
  const active = states.filter(({ body }) => body.status === "active").map(({ body }) => body.id);
  expect(active.sort()).toEqual(assigned.sort());
}

it("No sequence of commands and requests takes a list out of its graph, or leaves a bot active without exactly one list.", async () => {
  const run = async (sequence: Parameters<typeof take>[1][]) => {
    const orders = [uuidv7(), uuidv7(), uuidv7()];
    const bots = [await addBot(depot), await addBot(depot)];
    const world: World = { orders, bots, lists: new Map(), statuses: new Map() };
    const prelude = orders.flatMap((_, order) => [{ name: "create" as const, order, bot: 0 }]);
    for (const one of [...prelude, ...sequence]) {
      await take(world, one);
      await check(world);
    }
  };
  const sequences = fc.array(step, { minLength: 15, maxLength: 40, size: "max" });
  await fc.assert(fc.asyncProperty(sequences, run), { numRuns: 8, endOnFailure: true });
});
