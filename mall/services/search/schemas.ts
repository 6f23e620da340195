import { Id } from "@mall/common/id";
import { Money, money, Price } from "@mall/common/money";
import { Code, Description, Name, text } from "@mall/common/text";
import { OrderItem, RejectionReason } from "@mall/ordering/contract";
import { paged } from "tidings";
import { z } from "zod";

const storeId = "01981f4a-7c00-7000-8000-000000000001";
const productId = "01981f4a-7c00-7000-8000-000000000002";

/** An amount in minor units, in a query. */
const Amount = z
  .string()
  .regex(/^\d{1,16}$/, "must be a whole number of minor units")
  .transform(Number)
  .refine(Number.isSafeInteger, "is too large");

/** In which order products are answered; by relevance, or without `q` by name, when none is asked for. */
const ProductSort = z.enum(["price", "-price", "name", "-name"]);
export type ProductSort = z.infer<typeof ProductSort> | "relevance";

/** How products were found: all that there are, by their words, or by words that look alike. */
const Match = z.enum(["all", "words", "alike"]);
export type Match = z.infer<typeof Match>;

const ProductFilters = z
  .object({
    q: text(200, { blank: true }).optional(),
    storeId: Id.optional(),
    minPrice: Amount.optional(),
    maxPrice: Amount.optional(),
    sort: ProductSort.optional(),
  })
  .transform(
    (filters) => ({ ...filters, sort: filters.sort ?? (filters.q ? "relevance" : "name") }) as const,
  );
export type ProductFilters = z.infer<typeof ProductFilters>;

const afterName = z.tuple([Match, z.string().max(400), Id]);
const afterNumber = z.tuple([Match, z.int(), Id]);
/** Where a page of products ended: how they are found, the sort value and the id of the last one. */
export type AfterProduct = z.infer<typeof afterName> | z.infer<typeof afterNumber>;

/** Query of `GET /api/search/products`. */
export const SearchProducts = paged<ProductFilters, AfterProduct>({
  filters: ProductFilters,
  after: ({ sort }) => (sort.endsWith("name") ? afterName : afterNumber),
});

const foundProduct = {
  id: productId,
  storeId,
  storeName: "The Paper Lantern",
  storeParticipating: true,
  name: "Travelling ink",
  description: "Dries before the train leaves.",
  sku: "INK-07",
  price: money(1299),
};

/** A product that was found. The name of its store is left out as long as it is not known. */
export const FoundProduct = z
  .object({
    id: Id,
    storeId: Id,
    storeName: Name.optional(),
    storeParticipating: z.boolean(),
    name: Name,
    description: Description,
    sku: Code,
    price: Price,
  })
  .meta({ id: "FoundProduct", examples: [foundProduct] });
export type FoundProduct = z.infer<typeof FoundProduct>;

/** A page of products that were found. */
export const FoundProductPage = z
  .object({ items: z.array(FoundProduct), next: z.string().nullable() })
  .meta({ id: "FoundProductPage", examples: [{ items: [foundProduct], next: null }] });

/** All that an order can be. */
const OrderStatus = z.enum([
  "pending",
  "approved",
  "ready",
  "completed",
  "rejected",
  "cancelling",
  "cancelled",
]);
export type OrderStatus = z.infer<typeof OrderStatus>;

/** A time with its offset, as PostgreSQL knows it: in the years 1 to 9999. */
const Time = z.iso
  .datetime({ offset: true, error: "must be an RFC 3339 time" })
  .transform((time) => new Date(time).toISOString())
  .refine((time) => /^(?!0000)\d{4}-/.test(time), "is not in any year from 1 to 9999");

const OrderFilters = z.object({
  customerId: Id.optional(),
  status: OrderStatus.optional(),
  storeId: Id.optional(),
  productId: Id.optional(),
  from: Time.optional(),
  to: Time.optional(),
  minTotal: Amount.optional(),
  maxTotal: Amount.optional(),
});
export type OrderFilters = z.infer<typeof OrderFilters>;

/** Query of `GET /api/search/orders`: the newest first; `from` and `to` include their moment. */
export const SearchOrders = paged({ filters: OrderFilters, after: z.tuple([Time, Id]) });

const foundOrder = {
  id: "01981f4a-7c00-7000-8000-000000000011",
  customerId: "01981f4a-7c00-7000-8000-000000000003",
  paymentId: "01981f4a-7c00-7000-8000-000000000012",
  status: "pending",
  items: [
    {
      productId,
      productName: "Travelling ink",
      storeId,
      storeName: "The Paper Lantern",
      quantity: 2,
      price: money(1299),
    },
  ],
  total: money(2598),
  placedAt: "2026-08-22T10:00:00.000Z",
};

/** An order that was found. What it does not have yet is left out. */
export const FoundOrder = z
  .object({
    id: Id,
    customerId: Id,
    paymentId: Id,
    status: OrderStatus,
    items: z.array(OrderItem),
    total: Money,
    shoppingListId: Id.optional(),
    invoiceId: Id.optional(),
    rejectionReason: RejectionReason.optional(),
    placedAt: z.iso.datetime(),
  })
  .meta({ id: "FoundOrder", examples: [foundOrder] });
export type FoundOrder = z.infer<typeof FoundOrder>;

/** A page of orders that were found. */
export const FoundOrderPage = z
  .object({ items: z.array(FoundOrder), next: z.string().nullable() })
  .meta({ id: "FoundOrderPage", examples: [{ items: [foundOrder], next: null }] });

/** The path parameter of a projection. */
export const ProjectionParams = z.object({
  name: z
    .string()
    .regex(/^[a-z-]{1,60}$/)
    .meta({ examples: ["products"] }),
});

/** Query of `GET /api/search/projections`. */
export const ListProjections = paged({ after: z.tuple([z.string().max(60)]) });

const rebuilding = {
  name: "products",
  state: "running",
  progress: { handled: 4200, total: 10_000, percent: 42, eventsPerSecond: 2100, remainingSeconds: 3 },
  startedAt: "2026-08-22T10:00:00.000Z",
};

/** A projection and its last rebuild. `idle`: it was never rebuilt. */
export const ProjectionResource = z
  .object({
    name: z.string(),
    state: z.enum(["idle", "running", "done", "failed", "cancelled"]),
    progress: z
      .object({
        handled: z.int(),
        total: z.int(),
        percent: z.int().min(0).max(100),
        eventsPerSecond: z.int().optional(),
        remainingSeconds: z.int().optional(),
      })
      .optional(),
    startedAt: z.iso.datetime().optional(),
    endedAt: z.iso.datetime().optional(),
    error: z.string().optional(),
  })
  .meta({ id: "Projection", examples: [rebuilding] });
export type ProjectionResource = z.infer<typeof ProjectionResource>;

/** The projections of the search. */
export const ProjectionPage = z
  .object({ items: z.array(ProjectionResource), next: z.string().nullable() })
  .meta({ id: "ProjectionPage", examples: [{ items: [rebuilding], next: null }] });
