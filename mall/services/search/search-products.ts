import { type Page, type PageAnswer, pageOf, type Transaction } from "tidings";
import type { AfterProduct, FoundProduct, Match, ProductFilters, ProductSort } from "./schemas.ts";
import { textQueryOf } from "./text-query.ts";

type Query = Transaction["query"];
type Asked = ProductFilters & { readonly page: Page<AfterProduct> };

interface Row extends Omit<FoundProduct, "price" | "storeName"> {
  readonly storeName: string | null;
  readonly amount: string;
  readonly currency: string;
  readonly sortValue: string;
}

/**
 * One page of the products that are on sale. A text is looked for in name, description, sku and store name; where no
 * product has its words at all, products whose names look alike are what was meant, if the server can tell.
 */
export async function searchProducts(query: Query, asked: Asked): Promise<PageAnswer<FoundProduct>> {
  const match = asked.page.after?.[0] ?? (await matchFor(query, asked.q));
  const rows = match === "alike" ? await findAlike(query, asked) : await find(query, asked, match);
  const isNumber = !asked.sort.endsWith("name");
  const { items, next } = pageOf(rows, asked.page, ({ sortValue, id }): AfterProduct => {
    return isNumber ? [match, Number(sortValue), id] : [match, sortValue, id];
  });
  return { items: items.map(toProduct), next };
}

async function matchFor(query: Query, q: string | undefined): Promise<Match> {
  if (!q) return "all";
  if (!textQueryOf(q).isPlain) return "words";
  const values: unknown[] = [];
  const { rows } = await query(
    `select 1 from products, ${tsqueryOf(q, values)} asked where words @@ asked.query limit 1`,
    values,
  );
  return rows.length > 0 ? "words" : "alike";
}

/** Nothing where the server has no `pg_trgm`. */
async function findAlike(query: Query, asked: Asked): Promise<Row[]> {
  const { rows } = await query<{ schema: string }>(
    `select quote_ident(nspname) as schema from pg_extension e join pg_namespace n on n.oid = e.extnamespace where extname = 'pg_trgm'`,
  );
  return rows[0] ? find(query, asked, "alike", rows[0].schema) : [];
}

/** How alike names must be, from 0 to 1: "travling" and "travelling" are 0.54, "zebra" and "brass" 0.17. */
const alikeFrom = 0.45;

async function find(query: Query, asked: Asked, match: Match, trigrams = ""): Promise<Row[]> {
  const values: unknown[] = [];
  const value = (content: unknown) => `$${values.push(content ?? null)}`;
  const { key, type, isDescending } = orderOf(asked.sort);
  const [, last, id] = asked.page.after ?? [];
  const direction = isDescending ? "desc" : "asc";
  const { rows } = await query<Row>(
    `select p.id, p.store_id as "storeId", p.store_name as "storeName", coalesce(s.participating, false) as "storeParticipating",
       p.name, p.description, p.sku, p.amount, p.currency, ${key} as "sortValue"
     from (${matchesOf(asked.q ?? "", match, values, trigrams)}) p left join stores s on s.id = p.store_id
     where (${value(asked.storeId)}::uuid is null or p.store_id = $${values.length})
       and (${value(asked.minPrice)}::bigint is null or p.amount >= $${values.length})
       and (${value(asked.maxPrice)}::bigint is null or p.amount <= $${values.length})
       and (${value(last)}::${type} is null or (${key}, p.id) ${isDescending ? "<" : ">"} ($${values.length}, ${value(id)}::uuid))
     order by ${key} ${direction}, p.id ${direction} limit ${value(asked.page.limit + 1)}`,
    values,
  );
  return rows;
}

function orderOf(sort: ProductSort) {
  if (sort === "relevance") return { key: "p.rank", type: "bigint", isDescending: true };
  const isDescending = sort.startsWith("-");
  if (sort.endsWith("price")) return { key: "p.amount", type: "bigint", isDescending };
  return { key: `lower(p.name) collate "C"`, type: "text", isDescending };
}

/** The products that match, with a whole number that says how well. */
function matchesOf(q: string, match: Match, values: unknown[], trigrams: string): string {
  if (match === "all") return "select *, 0 as rank from products";
  if (match === "words") {
    return `select products.*, (ts_rank(words, asked.query) * 1000000)::int as rank
      from products, ${tsqueryOf(q, values)} asked where words @@ asked.query`;
  }
  values.push(q);
  const alike = `greatest(${["name", "coalesce(store_name, '')"]
    .map((text) => `${trigrams}.word_similarity($${values.length}, ${text})`)
    .join(", ")})`;
  return `select *, (${alike} * 1000000)::int as rank from products where ${alike} >= ${alikeFrom}`;
}

/**
 * A subquery with the column `query`. Stop words count only where there is nothing else; the last word is found by its
 * beginning too.
 */
function tsqueryOf(q: string, values: unknown[]): string {
  const { head, last } = textQueryOf(q);
  const first = values.push(q, head, last ?? null) - 2;
  return `(
    select case
        when numnode(last) = 0 and numnode(head) > 0 then head
        when numnode(last) = 0 and $${first + 1} <> '' then plain
        when last is not null then head && (last || beginning)
        when numnode(head) = 0 then plain
        else head end as query
    from (select websearch_to_tsquery('simple', $${first}) as plain, websearch_to_tsquery('english', $${first + 1}) as head,
      websearch_to_tsquery('english', $${first + 2}) as last,
      to_tsquery('simple', '''' || $${first + 2} || ''':*') as beginning) texts
  )`;
}

function toProduct({ sortValue: _, amount, currency, storeName, ...product }: Row): FoundProduct {
  const price = { amount: Number(amount), currency };
  return { ...product, ...(storeName !== null && { storeName }), price } as FoundProduct;
}
