import type { Api, ApiAnswer } from "@mall/common/http-client";
import { money } from "@mall/common/money";
import { type SeedProduct, type SeedStore, seedCustomer, seedStores } from "./seed-data.ts";

interface Identified {
  readonly id: string;
}

interface Store extends Identified {
  readonly name: string;
  readonly location: string;
  readonly participating: boolean;
}

/** What {@link seed} found or made. */
export interface Seeded {
  /** Undefined when the customer had registered in an earlier run, whose answer is not kept any more. */
  readonly customerId: string | undefined;
  readonly stores: readonly { readonly id: string; readonly name: string }[];
}

/**
 * Fills the mall through its public API, once: three stores that participate, a dozen products each, and a customer.
 *
 * A store that is there and participates is left as it is. One that does not is completed, so a seed that was
 * interrupted may be repeated; idempotency keys and the uniqueness of skus keep it from adding anything twice. To
 * leave a mall alone in which somebody has taken a seeded store out on purpose, remember that it was seeded.
 *
 * @throws Error when the API answers anything unexpected
 */
export async function seed(api: Api): Promise<Seeded> {
  const known = await allStores(api);
  const stores: Store[] = [];
  for (const store of seedStores) stores.push(await seedStore(api, store, known));
  return { customerId: await register(api), stores: stores.map(({ id, name }) => ({ id, name })) };
}

async function allStores(api: Api): Promise<Store[]> {
  const stores: Store[] = [];
  for (let cursor = ""; ; ) {
    const page = expected(
      await api<{ items: Store[]; next: string | null }>(`GET /api/stores?limit=200${cursor}`),
      200,
    );
    stores.push(...page.items);
    if (page.next === null) return stores;
    cursor = `&cursor=${encodeURIComponent(page.next)}`;
  }
}

async function seedStore(
  api: Api,
  { name, location, products }: SeedStore,
  known: readonly Store[],
): Promise<Store> {
  const found = known.find((store) => store.name === name && store.location === location);
  if (found?.participating) return found;
  const store = found ?? expected(await post<Store>(api, "/api/stores", { name, location }, name), 201);
  for (const product of products) await addProduct(api, store, product);
  return expected(
    await api<Store>(`PUT /api/stores/${store.id}/participation`, { participating: true }),
    200,
  );
}

async function addProduct(
  api: Api,
  store: Store,
  [name, description, sku, price]: SeedProduct,
): Promise<void> {
  const product = { name, description, sku, price: money(price) };
  expected(await post(api, `/api/stores/${store.id}/products`, product, sku), 201, "sku-already-used");
}

async function register(api: Api): Promise<string | undefined> {
  const answer = await post<Identified>(api, "/api/customers", seedCustomer, seedCustomer.email);
  const customer = expected(answer, 201, "email-already-used");
  return answer.status === 201 ? customer.id : undefined;
}

function post<Body>(api: Api, path: `/${string}`, body: object, subject: string): Promise<ApiAnswer<Body>> {
  const key = `seed ${path} ${subject}`;
  return api<Body>(`POST ${path}`, body, { "idempotency-key": key });
}

/** The body of an answer with this status, or with a refusal by this rule. */
function expected<Body>({ status, body }: ApiAnswer<Body>, wanted: number, rule?: string): Body {
  const refused = status === 409 && rule !== undefined && (body as { rule?: unknown }).rule === rule;
  if (status !== wanted && !refused)
    throw new Error(`The mall cannot be seeded: ${status} ${JSON.stringify(body)}`);
  return body;
}
