import { type Ask, allInvariants, type Broken, findBroken } from "../invariants.ts";
import type { Tally } from "../shopper-tally.ts";
import { type CollectedDatabase, collectDatabases } from "./collect.ts";
import { databaseAt, withDatabase } from "./database.ts";
import { logInvariants } from "./log-invariants.ts";
import type { Outcome, Violation } from "./outcome.ts";

/** The database in which all data comes together, on the server of the cluster. */
const checkDatabase = "mall_check";

const shownExamples = 5;

export interface Verified {
  readonly orders: Outcome["orders"];
  readonly violations: readonly Violation[];
}

/**
 * Brings the data of all services together in a new database and looks for everything that must not be: what services
 * disagree about, what was lost, doubled or out of order, and what shoppers saw otherwise.
 *
 * @param adminUrl a superuser's, of the server on which the new database is made
 */
export async function verify(
  databases: readonly CollectedDatabase[],
  adminUrl: string,
  tally: Tally,
): Promise<Verified> {
  await withDatabase(adminUrl, (query) => query(`create database ${checkDatabase}`));
  const together = databaseAt(adminUrl, checkDatabase);
  await collectDatabases(databases, together);
  return withDatabase(together, async (query) => ({
    orders: await countOrders(query, tally),
    violations: [
      ...(await findBroken(query, [...(await allInvariants(query)), ...(await logInvariants(query))])).map(
        told,
      ),
      ...(await compareWithShoppers(query, tally)),
    ],
  }));
}

function told({ title, by }: Broken): Violation {
  return { what: `Not so: ${title}`, examples: by };
}

async function countOrders(ask: Ask, tally: Tally): Promise<Outcome["orders"]> {
  const rows = await ask<{ status: string; count: number }>(
    "select status, count(*)::int as count from ordering.orders group by 1",
  );
  return {
    accepted: tally.accepted.size,
    byStatus: Object.fromEntries(rows.map(({ status, count }) => [status, count])),
  };
}

/** What shoppers saw of their orders must be so, and what they began must have come to its end. */
export async function compareWithShoppers(ask: Ask, tally: Tally): Promise<Violation[]> {
  const rows = await ask<{ id: string; status: string; reason: string | null }>(
    "select id, status, rejection_reason as reason from ordering.orders",
  );
  const orders = new Map(rows.map((row) => [row.id, row]));
  const lost = [...tally.accepted].filter((id) => !orders.has(id));
  const otherwise = [...tally.orders.values()].flatMap(({ orderId, status, rejectionReason = null }) => {
    const order = orders.get(orderId);
    return order && order.status === status && order.reason === rejectionReason
      ? []
      : [`order ${orderId} was seen ${status}, and is ${order?.status ?? "not there"}`];
  });
  return [
    violation(
      "An order was lost whose checkout was accepted",
      lost.map((id) => `order ${id}`),
    ),
    violation("A shopper saw an order end otherwise than it did", otherwise),
    violation("A shopper met with what must not be", mostFrequentOf(tally.unexpected)),
  ].flat();
}

function violation(what: string, examples: readonly string[]): Violation[] {
  if (examples.length === 0) return [];
  const more = examples.length > shownExamples ? [`and ${examples.length - shownExamples} more`] : [];
  return [{ what, examples: [...examples.slice(0, shownExamples), ...more] }];
}

/** Each different text once, with its number; texts that differ in ids alone are the same. */
function mostFrequentOf(texts: readonly string[]): string[] {
  const groups = Map.groupBy(texts, (text) => text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "{id}"));
  return [...groups.values()]
    .toSorted((a, b) => b.length - a.length)
    .map((all) => `${all.length} × ${all[0]}`);
}
