import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defineEvent } from "./contract.ts";
import { asyncSchema, orderSchema, schema, validateOrder } from "./schemas.fixture.ts";
import { parseData, validate } from "./validate.ts";

const wrongAt = (path: readonly (PropertyKey | { key: PropertyKey })[]) =>
  schema(() => ({ issues: [{ message: "is wrong", path }] }));
const pointerTo = (path: readonly (PropertyKey | { key: PropertyKey })[]) => {
  const checked = validate(wrongAt(path), {});
  return checked instanceof Promise ? undefined : checked.issues?.[0]?.pointer;
};

describe("the pointer of an issue", () => {
  it("names fields and places, also when the schema gives them as objects", () => {
    expect(pointerTo(["items", 0, { key: "price" }])).toBe("/items/0/price");
  });

  it("is empty for the value itself", () => {
    expect(pointerTo([])).toBe("");
    expect(
      validate(
        schema(() => ({ issues: [{ message: "is wrong" }] })),
        1,
      ),
    ).toEqual({
      issues: [{ pointer: "", detail: "is wrong" }],
    });
  });

  it("escapes ~ and / as RFC 6901 says", () => {
    expect(pointerTo(["a/b", "c~d", "~1", ""])).toBe("/a~1b/c~0d/~01/");
  });

  it("leads back to its path, whatever the names", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (path) => {
        const back = (pointerTo(path) ?? "")
          .split("/")
          .slice(1)
          .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
        expect(back).toEqual(path);
      }),
    );
  });
});

describe("validation", () => {
  it("answers at once with what the schema made of the value", () => {
    expect(validate(orderSchema, { orderId: "o1", total: 1, more: 2 })).toEqual({
      value: { orderId: "o1", total: 1 },
    });
  });

  it("names everything that is wrong", () => {
    expect(validate(orderSchema, {})).toEqual({
      issues: [
        { pointer: "/orderId", detail: "is not a text" },
        { pointer: "/total", detail: "is not a number" },
      ],
    });
  });

  it("waits for a schema that takes its time", async () => {
    const checked = validate(asyncSchema(validateOrder), { orderId: "o1" });
    expect(checked).toBeInstanceOf(Promise);
    expect(await checked).toEqual({ issues: [{ pointer: "/total", detail: "is not a number" }] });
  });
});

describe("the data of a message", () => {
  const options = {
    key: "orderId",
    version: 2,
    upcasts: { 1: (total: number) => ({ orderId: "o1", total }) },
  } as const;
  const contract = defineEvent("ordering.OrderPlaced", { ...options, schema: orderSchema });
  const slow = defineEvent("ordering.OrderPlaced", { ...options, schema: asyncSchema(validateOrder) });

  it("is lifted to the current version before it is validated", async () => {
    expect(parseData(contract, 5, 1)).toEqual({ orderId: "o1", total: 5 });
    expect(await parseData(slow, 5, 1)).toEqual({ orderId: "o1", total: 5 });
  });

  it("is invalid with each wrong field named, and none of its values told", async () => {
    const secret = { orderId: 4711, total: "secret" };
    const invalid = {
      code: "message-invalid",
      disposition: "park",
      message: "ordering.OrderPlaced v2: /orderId is not a text; /total is not a number",
    };
    expect(() => parseData(contract, secret, 2)).toThrow(expect.objectContaining(invalid));
    await expect(parseData(slow, secret, 2)).rejects.toMatchObject(invalid);
  });

  it("says / for the value itself", () => {
    const never = defineEvent("a.B", {
      key: () => "",
      schema: schema<object>(() => ({ issues: [{ message: "is wrong" }] })),
    });
    expect(() => parseData(never, 1, 1)).toThrow("a.B v1: / is wrong");
  });
});
