import { IdParams } from "@mall/common/id";
import {
  type AggregateRoot,
  created,
  isRefusal,
  noContent,
  notFound,
  ok,
  type Refusal,
  type ServiceHttp,
} from "tidings";
import { z } from "zod";
import { addProduct } from "./commands/add-product.ts";
import { changePrice } from "./commands/change-price.ts";
import { rebrandProduct } from "./commands/rebrand-product.ts";
import { removeProduct } from "./commands/remove-product.ts";
import {
  AddProduct,
  ChangePrice,
  ListProducts,
  ProductPage,
  ProductResource,
  RebrandProduct,
} from "./schemas.ts";
import { findProduct, listProducts } from "./views/products.ts";
import { findStore } from "./views/stores.ts";

const browsing = { access: "public" } as const;
const selling = { access: ["store"] } as const;
const tags = ["products"];

/** The routes of what the stores sell. */
export function productRoutes(app: ServiceHttp): void {
  readProducts(app);
  addProducts(app);
  changeProducts(app);
  removeProducts(app);
}

function readProducts(app: ServiceHttp): void {
  const many = {
    summary: "What a store sells, oldest first.",
    tags,
    params: IdParams,
    querystring: ListProducts,
    response: { 200: ProductPage },
  };
  app.get("/api/stores/:id/products", { config: browsing, schema: many }, async (request) => {
    const { id } = request.params;
    if (!(await findStore(request, id))) return notFound("store", id);
    return listProducts(request, id, request.query.page);
  });

  const one = { summary: "One product.", tags, params: IdParams, response: { 200: ProductResource } };
  app.get("/api/products/:id", { config: browsing, schema: one }, async (request, reply) => {
    const found = await findProduct(request, request.params.id);
    if (!found) return notFound("product", request.params.id);
    reply.header("etag", `"${found.version}"`);
    return found.product;
  });
}

function addProducts(app: ServiceHttp): void {
  const schema = {
    summary: "Offers a new product, under an sku that the store does not use yet.",
    tags,
    params: IdParams,
    body: AddProduct,
    response: { 201: ProductResource },
  };
  app.post("/api/stores/:id/products", { config: selling, schema }, (request) =>
    request.transaction(async (tx) => {
      const product = await addProduct(tx, { ...request.body, storeId: request.params.id });
      if (isRefusal(product)) return product;
      return created(`/api/products/${product.id}`, resourceOf(product), { version: product.version });
    }),
  );
}

function changeProducts(app: ServiceHttp): void {
  const resource = { tags, params: IdParams, response: { 200: ProductResource } };
  const details = { ...resource, summary: "Changes a product's name or description.", body: RebrandProduct };
  app.patch("/api/products/:id", { config: selling, schema: details }, (request) =>
    request.transaction(async (tx) => {
      const { params, body, expectedVersion } = request;
      return changed(await rebrandProduct(tx, params.id, { ...body, expectedVersion }));
    }),
  );

  const price = { ...resource, summary: "Changes a product's price.", body: ChangePrice };
  app.put("/api/products/:id/price", { config: selling, schema: price }, (request) =>
    request.transaction(async (tx) => {
      const { params, body, expectedVersion } = request;
      return changed(await changePrice(tx, params.id, { ...body, expectedVersion }));
    }),
  );
}

function removeProducts(app: ServiceHttp): void {
  const schema = {
    summary: "Takes a product off sale, for ever.",
    tags,
    params: IdParams,
    response: { 204: z.undefined() },
  };
  app.delete("/api/products/:id", { config: selling, schema }, (request) =>
    request.transaction(async (tx) => {
      const removed = await removeProduct(tx, request.params.id, request.expectedVersion);
      return isRefusal(removed) ? removed : noContent();
    }),
  );
}

function changed(outcome: AggregateRoot<object | undefined> | Refusal) {
  return isRefusal(outcome) ? outcome : ok(resourceOf(outcome), { version: outcome.version });
}

function resourceOf({ id, state }: AggregateRoot<object | undefined>) {
  return { id, ...state };
}
