import { callerOf, mayActFor } from "@mall/common/access";
import {
  Answer,
  isRefusal,
  noContent,
  notFound,
  pageOf,
  type ServiceHttp,
  type ServiceRequest,
} from "tidings";
import { z } from "zod";
import { projectionResource, refusing } from "./rebuilds.ts";
import {
  FoundOrderPage,
  FoundProductPage,
  ListProjections,
  ProjectionPage,
  ProjectionParams,
  ProjectionResource,
  SearchOrders,
  SearchProducts,
} from "./schemas.ts";
import { searchOrders } from "./search-orders.ts";
import { searchProducts } from "./search-products.ts";

const tags = ["search"];

/** The routes of the search, and of the rebuilds of what it searches. */
export function http(app: ServiceHttp): void {
  findProducts(app);
  findOrders(app);
  listProjections(app);
  rebuildProjections(app);
}

function findProducts(app: ServiceHttp): void {
  const schema = {
    summary: "Finds products by words, store and price.",
    tags,
    querystring: SearchProducts,
    response: { 200: FoundProductPage },
  };
  app.get("/api/search/products", { config: { access: "public" }, schema }, (request) =>
    searchProducts(request.sql.bind(request), request.query),
  );
}

function findOrders(app: ServiceHttp): void {
  const schema = {
    summary: "Finds orders, the newest first; a shopper's own.",
    tags,
    querystring: SearchOrders,
    response: { 200: FoundOrderPage },
  };
  app.get("/api/search/orders", { config: { access: ["shopper"] }, schema }, async (request) => {
    const customerId = request.query.customerId ?? ownId(request);
    if (customerId !== undefined && !mayActFor(request, customerId)) return notFound("customer", customerId);
    return searchOrders(request.sql.bind(request), { ...request.query, customerId });
  });
}

/** The customer whose orders a shopper sees when it names none; undefined for an operator, who sees all. */
function ownId(request: ServiceRequest): string | undefined {
  const { roles, customerId = "" } = callerOf(request);
  return roles.includes("operator") ? undefined : customerId;
}

function listProjections(app: ServiceHttp): void {
  const schema = {
    summary: "The read models, and how far their rebuilds are.",
    tags,
    querystring: ListProjections,
    response: { 200: ProjectionPage },
  };
  app.get("/api/search/projections", { schema }, async (request) => {
    const { page } = request.query;
    const [after = ""] = page.after ?? [];
    const all = (await request.rebuilds.list()).map(projectionResource);
    const following = all.filter(({ name }) => name > after).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return pageOf(following.slice(0, page.limit + 1), page, ({ name }) => [name]);
  });
}

function rebuildProjections(app: ServiceHttp): void {
  const path = "/api/search/projections/:name/rebuild";
  const start = {
    summary: "Makes a read model anew from its events, beside the one in use.",
    tags,
    params: ProjectionParams,
    response: { 202: ProjectionResource },
  };
  app.post(path, { schema: start }, (request) =>
    request.transaction(async (tx) => {
      const { name } = request.params;
      if (!(await isKnown(request, name))) return notFound("projection", name);
      const started = await refusing(() => request.rebuilds.start(tx, name));
      if (isRefusal(started)) return started;
      const headers = { location: "/api/search/projections", "retry-after": "1" };
      return new Answer(202, projectionResource(started), headers);
    }),
  );

  const cancel = {
    summary: "Gives a rebuild up.",
    tags,
    params: ProjectionParams,
    response: { 204: z.undefined() },
  };
  app.delete(path, { schema: cancel }, (request) =>
    request.transaction(async (tx) => {
      const { name } = request.params;
      if (!(await isKnown(request, name))) return notFound("projection", name);
      return (await refusing(() => request.rebuilds.cancel(tx, name))) ?? noContent();
    }),
  );
}

async function isKnown(request: ServiceRequest, name: string): Promise<boolean> {
  return (await request.rebuilds.list()).some((projection) => projection.name === name);
}
