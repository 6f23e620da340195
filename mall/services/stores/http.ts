import { IdParams } from "@mall/common/id";
import {
  type AggregateRoot,
  created,
  isRefusal,
  notFound,
  ok,
  type Refusal,
  type ServiceHttp,
} from "tidings";
import { changeParticipation } from "./commands/change-participation.ts";
import { openStore } from "./commands/open-store.ts";
import { rebrandStore } from "./commands/rebrand-store.ts";
import { productRoutes } from "./http-products.ts";
import {
  ChangeParticipation,
  ListStores,
  OpenStore,
  RebrandStore,
  StorePage,
  StoreResource,
} from "./schemas.ts";
import { findStore, listStores } from "./views/stores.ts";

const browsing = { access: "public" } as const;
const selling = { access: ["store"] } as const;
const tags = ["stores"];

/** The routes of the stores and of what they sell. */
export function http(app: ServiceHttp): void {
  readStores(app);
  openStores(app);
  changeStores(app);
  productRoutes(app);
}

function readStores(app: ServiceHttp): void {
  const many = {
    summary: "The stores, oldest first.",
    tags,
    querystring: ListStores,
    response: { 200: StorePage },
  };
  app.get("/api/stores", { config: browsing, schema: many }, (request) => listStores(request, request.query));

  const one = { summary: "One store.", tags, params: IdParams, response: { 200: StoreResource } };
  app.get("/api/stores/:id", { config: browsing, schema: one }, async (request, reply) => {
    const found = await findStore(request, request.params.id);
    if (!found) return notFound("store", request.params.id);
    reply.header("etag", `"${found.version}"`);
    return found.store;
  });
}

function openStores(app: ServiceHttp): void {
  const schema = {
    summary: "Opens a store, which does not participate yet.",
    tags,
    body: OpenStore,
    response: { 201: StoreResource },
  };
  app.post("/api/stores", { config: selling, schema }, (request) =>
    request.transaction(async (tx) => {
      const store = await openStore(tx, request.body);
      return created(`/api/stores/${store.id}`, resourceOf(store), { version: store.version });
    }),
  );
}

function changeStores(app: ServiceHttp): void {
  const resource = { tags, params: IdParams, response: { 200: StoreResource } };
  const participation = {
    ...resource,
    summary: "Lets a store sell in the mall, or not any more.",
    body: ChangeParticipation,
  };
  app.put("/api/stores/:id/participation", { config: selling, schema: participation }, (request) =>
    request.transaction(async (tx) => {
      const { params, body, expectedVersion } = request;
      return changed(await changeParticipation(tx, params.id, { ...body, expectedVersion }));
    }),
  );

  const name = { ...resource, summary: "Gives a store another name.", body: RebrandStore };
  app.put("/api/stores/:id/name", { config: selling, schema: name }, (request) =>
    request.transaction(async (tx) => {
      const { params, body, expectedVersion } = request;
      return changed(await rebrandStore(tx, params.id, { ...body, expectedVersion }));
    }),
  );
}

function changed(outcome: AggregateRoot<object | undefined> | Refusal) {
  return isRefusal(outcome) ? outcome : ok(resourceOf(outcome), { version: outcome.version });
}

function resourceOf({ id, state }: AggregateRoot<object | undefined>) {
  return { id, ...state };
}
