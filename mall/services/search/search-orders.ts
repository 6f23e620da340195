import { type Page, type PageAnswer, pageOf, type Transaction } from "tidings";
import type { FoundOrder, OrderFilters } from "./schemas.ts";

type Asked = OrderFilters & { readonly page: Page<[placedAt: string, id: string]> };

/** One page of orders, the newest first. */
export async function searchOrders(
  query: Transaction["query"],
  asked: Asked,
): Promise<PageAnswer<FoundOrder>> {
  const { customerId, status, storeId, productId, from, to, minTotal, maxTotal, page } = asked;
  const { rows } = await query<{ found: Omit<FoundOrder, "placedAt">; placedAt: Date }>(
    `select placed_at as "placedAt", json_strip_nulls(json_build_object(
       'id', id, 'customerId', customer_id, 'paymentId', payment_id, 'status', status, 'items', items,
       'total', json_build_object('amount', amount, 'currency', currency),
       'shoppingListId', shopping_list_id, 'invoiceId', invoice_id, 'rejectionReason', rejection_reason)) as found
     from orders
     where ($1::uuid is null or customer_id = $1) and ($2::text is null or status = $2)
       and ($3::jsonb is null or items @> $3) and ($4::jsonb is null or items @> $4)
       and ($5::timestamptz is null or placed_at >= $5) and ($6::timestamptz is null or placed_at <= $6)
       and ($7::bigint is null or amount >= $7) and ($8::bigint is null or amount <= $8)
       and ($9::timestamptz is null or (placed_at, id) < ($9, $10::uuid))
     order by placed_at desc, id desc limit $11`,
    [
      customerId,
      status,
      storeId && itemsWith({ storeId }),
      productId && itemsWith({ productId }),
      from,
      to,
      minTotal,
      maxTotal,
      page.after?.[0],
      page.after?.[1],
      page.limit + 1,
    ],
  );
  const orders = rows.map(({ found, placedAt }) => ({ ...found, placedAt: placedAt.toISOString() }));
  return pageOf(orders, page, (last) => [last.placedAt, last.id]);
}

function itemsWith(part: object): string {
  return JSON.stringify([part]);
}
