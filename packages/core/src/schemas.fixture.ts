import type { StandardSchemaV1 } from "@standard-schema/spec";

type Validate<Output> = (value: unknown) => StandardSchemaV1.Result<Output>;

/** A Standard Schema from its validation. */
export function schema<Output>(validate: Validate<Output>): StandardSchemaV1<unknown, Output> {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

/** The same, but it takes its time, as one that looks into a database would. */
export function asyncSchema<Output>(validate: Validate<Output>): StandardSchemaV1<unknown, Output> {
  return { "~standard": { version: 1, vendor: "test", validate: async (value) => validate(value) } };
}

export interface Order {
  readonly orderId: string;
  readonly total: number;
}

export const validateOrder: Validate<Order> = (value) => {
  const { orderId, total } = (value ?? {}) as Partial<Order>;
  const issues = [
    ...(typeof orderId === "string" ? [] : [{ message: "is not a text", path: ["orderId"] }]),
    ...(typeof total === "number" ? [] : [{ message: "is not a number", path: ["total"] }]),
  ];
  return issues.length > 0 ? { issues } : { value: { orderId: orderId as string, total: total as number } };
};

export const orderSchema = schema(validateOrder);

export interface Receipt {
  readonly receipt: string;
}

export const validateReceipt: Validate<Receipt> = (value) => {
  const { receipt } = (value ?? {}) as Partial<Receipt>;
  return typeof receipt === "string"
    ? { value: { receipt } }
    : { issues: [{ message: "is not a text", path: ["receipt"] }] };
};

export const receiptSchema = schema(validateReceipt);
