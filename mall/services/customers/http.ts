import { mayActFor } from "@mall/common/access";
import { IdParams } from "@mall/common/id";
import { created, isRefusal, notFound, ok, type Refusal, type ServiceHttp } from "tidings";
import type { z } from "zod";
import { changeSmsNumber } from "./commands/change-sms-number.ts";
import { enableCustomer } from "./commands/enable-customer.ts";
import { registerCustomer } from "./commands/register-customer.ts";
import type { Customer } from "./customer.ts";
import { findCustomer } from "./customer-table.ts";
import { ChangeSmsNumber, CustomerResource, EnableCustomer, RegisterCustomer } from "./schemas.ts";

const own = { access: ["shopper"] } as const;
const tags = ["customers"];
const response = { 200: CustomerResource };

/** The routes of the customers. */
export function http(app: ServiceHttp): void {
  register(app);
  readCustomers(app);
  enableCustomers(app);
  changeSmsNumbers(app);
}

function register(app: ServiceHttp): void {
  const schema = {
    summary: "Registers a customer, under an email address that nobody has registered with.",
    tags,
    body: RegisterCustomer,
    response: { 201: CustomerResource },
  };
  app.post("/api/customers", { config: { access: "public" }, schema }, (request) =>
    request.transaction(async (tx) => {
      const customer = await registerCustomer(tx, request.body);
      if (isRefusal(customer)) return customer;
      return created(`/api/customers/${customer.id}`, resourceOf(customer), { version: customer.version });
    }),
  );
}

function readCustomers(app: ServiceHttp): void {
  const schema = { summary: "One customer.", tags, params: IdParams, response };
  app.get("/api/customers/:id", { config: own, schema }, async (request, reply) => {
    const { id } = request.params;
    const customer = mayActFor(request, id) && (await findCustomer(request.sql.bind(request), id));
    if (!customer) return notFound("customer", id);
    reply.header("etag", `"${customer.version}"`);
    return resourceOf(customer);
  });
}

function enableCustomers(app: ServiceHttp): void {
  const summary = "Lets a customer shop, or not any more.";
  const schema = { summary, tags, params: IdParams, body: EnableCustomer, response };
  app.put("/api/customers/:id/enabled", { schema }, (request) =>
    request.transaction(async (tx) => {
      const { params, body, expectedVersion } = request;
      return changed(await enableCustomer(tx, params.id, { ...body, expectedVersion }));
    }),
  );
}

function changeSmsNumbers(app: ServiceHttp): void {
  const summary = "Changes the number at which a customer is told things.";
  const schema = { summary, tags, params: IdParams, body: ChangeSmsNumber, response };
  app.put("/api/customers/:id/sms-number", { config: own, schema }, (request) =>
    request.transaction(async (tx) => {
      const { params, body, expectedVersion } = request;
      if (!mayActFor(request, params.id)) return notFound("customer", params.id);
      return changed(await changeSmsNumber(tx, params.id, { ...body, expectedVersion }));
    }),
  );
}

function changed(outcome: Customer | Refusal) {
  return isRefusal(outcome) ? outcome : ok(resourceOf(outcome), { version: outcome.version });
}

function resourceOf({ version: _, ...resource }: Customer): z.infer<typeof CustomerResource> {
  return resource;
}
