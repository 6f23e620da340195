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
import { addProduct } from "./commands/add-product.ts";
import { changeParticipation } from "./commands/change-participation.ts";
import { changePrice } from "./commands/change-price.ts";
import { openStore } from "./commands/open-store.ts";
import { rebrandProduct } from "./commands/rebrand-product.ts";
import { rebrandStore } from "./commands/rebrand-store.ts";
import { removeProduct } from "./commands/remove-product.ts";
import {
  AddProduct,
  ChangeParticipation,
  ChangePrice,
  ListProducts,
  ListStores,
  OpenStore,
  RebrandProduct,
  RebrandStore,
} from "./schemas.ts";
import { findProduct, listProducts } from "./views/products.ts";
import { findStore, listStores } from "./views/stores.ts";

/** The routes of the stores and of what they sell. */
export function http(app: ServiceHttp): void {
  readStores(app);
  writeStores(app);
  readProducts(app);
  writeProducts(app);
}

function readStores(app: ServiceHttp): void {
  app.get("/api/stores", { schema: { querystring: ListStores } }, (request) =>
    listStores(request, request.query),
  );

  app.get("/api/stores/:id", { schema: { params: IdParams } }, async (request, reply) => {
    const found = await findStore(request, request.params.id);
    if (!found) return notFound("store", request.params.id);
    reply.header("etag", `"${found.version}"`);
    return found.store;
  });
}

function writeStores(app: ServiceHttp): void {
  app.post("/api/stores", { schema: { body: OpenStore } }, (request) =>
    request.transaction(async (tx) => {
      const store = await openStore(tx, request.body);
      return created(`/api/stores/${store.id}`, resourceOf(store), { version: store.version });
    }),
  );

  app.put(
    "/api/stores/:id/participation",
    { schema: { params: IdParams, body: ChangeParticipation } },
    (request) =>
      request.transaction(async (tx) => {
        const { params, body, expectedVersion } = request;
        return changed(await changeParticipation(tx, params.id, { ...body, expectedVersion }));
      }),
  );

  app.put("/api/stores/:id/name", { schema: { params: IdParams, body: RebrandStore } }, (request) =>
    request.transaction(async (tx) => {
      const { params, body, expectedVersion } = request;
      return changed(await rebrandStore(tx, params.id, { ...body, expectedVersion }));
    }),
  );
}

function readProducts(app: ServiceHttp): void {
  app.get(
    "/api/stores/:id/products",
    { schema: { params: IdParams, querystring: ListProducts } },
    async (request) => {
      const { id } = request.params;
      if (!(await findStore(request, id))) return notFound("store", id);
      return listProducts(request, id, request.query.page);
    },
  );

  app.get("/api/products/:id", { schema: { params: IdParams } }, async (request, reply) => {
    const found = await findProduct(request, request.params.id);
    if (!found) return notFound("product", request.params.id);
    reply.header("etag", `"${found.version}"`);
    return found.product;
  });
}

function writeProducts(app: ServiceHttp): void {
  app.post("/api/stores/:id/products", { schema: { params: IdParams, body: AddProduct } }, (request) =>
    request.transaction(async (tx) => {
      const product = await addProduct(tx, { ...request.body, storeId: request.params.id });
      if (isRefusal(product)) return product;
      return created(`/api/products/${product.id}`, resourceOf(product), { version: product.version });
    }),
  );

  app.patch("/api/products/:id", { schema: { params: IdParams, body: RebrandProduct } }, (request) =>
    request.transaction(async (tx) => {
      const { params, body, expectedVersion } = request;
      return changed(await rebrandProduct(tx, params.id, { ...body, expectedVersion }));
    }),
  );

  app.put("/api/products/:id/price", { schema: { params: IdParams, body: ChangePrice } }, (request) =>
    request.transaction(async (tx) => {
      const { params, body, expectedVersion } = request;
      return changed(await changePrice(tx, params.id, { ...body, expectedVersion }));
    }),
  );

  app.delete("/api/products/:id", { schema: { params: IdParams } }, (request) =>
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
