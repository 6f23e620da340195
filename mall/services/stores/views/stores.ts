import { type Page, type PageAnswer, pageOf, type Transaction, view } from "tidings";
import type { z } from "zod";
import type { StoreResource } from "../schemas.ts";
import { StoreAggregate } from "../store.ts";

interface Reader {
  readonly sql: Transaction["query"];
}
type Store = z.infer<typeof StoreResource>;
interface StoresAsked {
  readonly participating?: boolean | undefined;
  readonly page: Page;
}

/** The table `stores`: one row for each store, as it is answered, with its version. */
export const storesView = view(StoreAggregate, {
  StoreOpened: ({ name, location }, { id, version }, tx) =>
    tx.query(
      "insert into stores (id, name, location, participating, version) values ($1, $2, $3, false, $4)",
      [id, name, location, version],
    ),
  StoreParticipationChanged: ({ participating }, { id, version }, tx) =>
    tx.query("update stores set participating = $2, version = $3 where id = $1", [
      id,
      participating,
      version,
    ]),
  StoreRebranded: ({ name }, { id, version }, tx) =>
    tx.query("update stores set name = $2, version = $3 where id = $1", [id, name, version]),
});

/** One store and its version, or undefined. */
export async function findStore(
  reader: Reader,
  id: string,
): Promise<{ store: Store; version: number } | undefined> {
  const { rows } = await reader.sql<Store & { version: number }>(
    "select id, name, location, participating, version from stores where id = $1",
    [id],
  );
  if (!rows[0]) return undefined;
  const { version, ...store } = rows[0];
  return { store, version };
}

/** One page of the stores, oldest first. */
export async function listStores(
  reader: Reader,
  { participating, page }: StoresAsked,
): Promise<PageAnswer<Store>> {
  const { rows } = await reader.sql<Store>(
    `select id, name, location, participating from stores
     where ($1::boolean is null or participating = $1) and ($2::uuid is null or id > $2)
     order by id limit $3`,
    [participating, page.after?.[0], page.limit + 1],
  );
  return pageOf(rows, page, (store) => [store.id]);
}
