import { IdParams } from "@mall/common/id";
import { created, isRefusal, notFound, ok, type Refusal, type ServiceHttp } from "tidings";
import type { z } from "zod";
import { changeSmsNumber } from "./commands/change-sms-number.ts";
import { enableCustomer } from "./commands/enable-customer.ts";
import { registerCustomer } from "./commands/register-customer.ts";
import type { Customer } from "./customer.ts";
import { findCustomer } from "./customer-table.ts";
import { ChangeSmsNumber, type CustomerResource, EnableCustomer, RegisterCustomer } from "./schemas.ts";

/** The routes of the customers. */
export function http(app: ServiceHttp): void {
  app.get("/api/customers/:id", { schema: { params: IdParams } }, async (request, reply) => {
    const customer = await findCustomer(request.sql.bind(request), request.params.id);
    if (!customer) return notFound("customer", request.params.id);
    reply.header("etag", `"${customer.version}"`);
    return resourceOf(customer);
  });

  app.post("/api/customers", { schema: { body: RegisterCustomer } }, (request) =>
    request.transaction(async (tx) => {
      const customer = await registerCustomer(tx, request.body);
      if (isRefusal(customer)) return customer;
      return created(`/api/customers/${customer.id}`, resourceOf(customer), { version: customer.version });
    }),
  );

  app.put("/api/customers/:id/enabled", { schema: { params: IdParams, body: EnableCustomer } }, (request) =>
    request.transaction(async (tx) => {
      const { params, body, expectedVersion } = request;
      return changed(await enableCustomer(tx, params.id, { ...body, expectedVersion }));
    }),
  );

  app.put(
    "/api/customers/:id/sms-number",
    { schema: { params: IdParams, body: ChangeSmsNumber } },
    (request) =>
      request.transaction(async (tx) => {
        const { params, body, expectedVersion } = request;
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
