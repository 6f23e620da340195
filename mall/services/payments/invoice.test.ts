import { money } from "@mall/common/money";
import { expect, it } from "vitest";
import { type Invoice, newInvoice, payInvoice } from "./invoice.ts";

const due = newInvoice("invoice", {
  orderId: "order",
  customerId: "mina",
  paymentId: "pay",
  amount: money(100),
});

it("An invoice is pending, then paid once; a cancelled one cannot be paid.", () => {
  expect(due).toMatchObject({ status: "pending", version: 1 });
  const paid = payInvoice(due) as Invoice;
  expect(paid).toMatchObject({ status: "paid", version: 2 });
  expect(payInvoice(paid)).toMatchObject({ rule: "invoice-is-not-pending" });
  expect(payInvoice({ ...due, status: "cancelled" })).toMatchObject({ rule: "invoice-is-not-pending" });
});
