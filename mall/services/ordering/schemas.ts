import { Id } from "@mall/common/id";
import { Money, money } from "@mall/common/money";
import { paged } from "tidings";
import { z } from "zod";
import { OrderItem, RejectionReason } from "./contract.ts";
import { orderStatuses } from "./order.ts";

const example = {
  id: "01981f4a-7c00-7000-8000-000000000011",
  customerId: "01981f4a-7c00-7000-8000-000000000003",
  paymentId: "01981f4a-7c00-7000-8000-000000000012",
  status: "pending" as const,
  items: [
    {
      productId: "01981f4a-7c00-7000-8000-000000000002",
      productName: "Travelling ink",
      storeId: "01981f4a-7c00-7000-8000-000000000001",
      storeName: "The Paper Lantern",
      quantity: 2,
      price: money(1299),
    },
  ],
  total: money(2598),
};

/** An order, as it is answered. What it does not have yet is left out. */
export const OrderResource = z
  .object({
    id: Id,
    customerId: Id,
    paymentId: Id,
    status: z.enum(orderStatuses),
    items: z.array(OrderItem),
    total: Money,
    shoppingListId: Id.optional(),
    invoiceId: Id.optional(),
    rejectionReason: RejectionReason.optional(),
  })
  .meta({ id: "Order", examples: [example] });
export type OrderResource = z.infer<typeof OrderResource>;

/** Query of `GET /api/orders/{id}/history`: sorted by version. */
export const ListHistory = paged({ after: z.tuple([z.int().min(1).max(2_147_483_647)]) });

const entry = {
  version: 1,
  type: "OrderPlaced",
  data: { customerId: example.customerId, paymentId: example.paymentId },
  at: "2026-01-05T09:30:00.000Z",
  causedBy: { message: "01981f4a-7c00-7000-8000-000000000020", actor: "operator" },
};

/** One event of an order, as it was stored: what happened, when, and by whom or by which message it was caused. */
export const HistoryEntry = z
  .object({
    version: z.int().min(1),
    type: z.string(),
    data: z.looseObject({}),
    at: z.iso.datetime(),
    causedBy: z.object({ message: Id.optional(), actor: z.string().optional() }),
  })
  .meta({ id: "HistoryEntry", examples: [entry] });
export type HistoryEntry = z.infer<typeof HistoryEntry>;

/** A page of an order's history. */
export const HistoryPage = z
  .object({ items: z.array(HistoryEntry), next: z.string().nullable() })
  .meta({ id: "HistoryPage", examples: [{ items: [entry], next: null }] });
