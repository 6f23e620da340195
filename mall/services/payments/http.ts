import { callerOf, mayActFor } from "@mall/common/access";
import { IdParams } from "@mall/common/id";
import { notFound, pageOf, type ServiceHttp } from "tidings";
import { type Authorizing, authorizePayment } from "./commands/authorize-payment.ts";
import { payInvoiceNow } from "./commands/pay-invoice.ts";
import { findInvoice, listInvoices } from "./invoice-table.ts";
import { findPayment } from "./payment-table.ts";
import { invoiceResource, paymentResource } from "./resources.ts";
import { InvoicePage, InvoiceResource, ListInvoices, PaymentResource, RequestPayment } from "./schemas.ts";

const config = { access: ["shopper"] } as const;
const tags = ["payments"];

/** The routes of the payments and invoices. */
export function http(authorizing: Authorizing) {
  return (app: ServiceHttp): void => {
    paymentRoutes(app, authorizing);
    readInvoices(app);
    payRoute(app, authorizing);
  };
}

function paymentRoutes(app: ServiceHttp, authorizing: Authorizing): void {
  const hold = {
    summary: "Holds an amount on a card.",
    tags,
    body: RequestPayment,
    response: { 201: PaymentResource },
  };
  app.post("/api/payments", { config, schema: hold }, (request) =>
    authorizePayment(request, request.body, authorizing),
  );

  const one = { summary: "One payment.", tags, params: IdParams, response: { 200: PaymentResource } };
  app.get("/api/payments/:id", { config, schema: one }, async (request, reply) => {
    const payment = await findPayment(request.sql.bind(request), request.params.id);
    if (!payment || !mayActFor(request, payment.customerId)) return notFound("payment", request.params.id);
    reply.header("etag", `"${payment.version}"`);
    return paymentResource(payment);
  });
}

function readInvoices(app: ServiceHttp): void {
  const one = { summary: "One invoice.", tags, params: IdParams, response: { 200: InvoiceResource } };
  app.get("/api/invoices/:id", { config, schema: one }, async (request, reply) => {
    const invoice = await findInvoice(request.sql.bind(request), request.params.id);
    if (!invoice || !mayActFor(request, invoice.customerId)) return notFound("invoice", request.params.id);
    reply.header("etag", `"${invoice.version}"`);
    return invoiceResource(invoice);
  });

  const many = {
    summary: "The invoices, oldest first: a shopper's own.",
    tags,
    querystring: ListInvoices,
    response: { 200: InvoicePage },
  };
  app.get("/api/invoices", { config, schema: many }, async (request) => {
    const { page, orderId } = request.query;
    const { roles, customerId } = callerOf(request);
    const seesAll = roles.includes("operator");
    if (!seesAll && customerId === undefined) return { items: [], next: null };
    const filters = { orderId, customerId: seesAll ? undefined : customerId };
    const rows = await listInvoices(request.sql.bind(request), filters, page);
    const { items, next } = pageOf(rows, page, ({ id }) => [id]);
    return { items: items.map(invoiceResource), next };
  });
}

function payRoute(app: ServiceHttp, { processor }: Authorizing): void {
  const pay = {
    summary: "Captures what is due from the card.",
    tags,
    params: IdParams,
    response: { 200: InvoiceResource },
  };
  app.post("/api/invoices/:id/pay", { config, schema: pay }, (request) =>
    payInvoiceNow(request, request.params.id, processor),
  );
}
