import fc from "fast-check";
import { isRefusal } from "tidings";
import { expect, it } from "vitest";
import { authorizedCustomer, changeCustomer, newCustomer } from "./customer.ts";

const change = fc.oneof(
  fc.boolean().map((enabled) => ({ enabled })),
  fc.constantFrom("+15550100", "+15550101").map((smsNumber) => ({ smsNumber })),
);

it("A customer's version counts the changes that were any, and only who is enabled may shop.", () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      let customer = newCustomer("mina", { name: "Mina", email: "mina@example.com", smsNumber: "+15550100" });
      for (const change of changes) {
        const before = customer;
        customer = changeCustomer(before, change);
        expect({ ...before, ...change, version: customer.version }).toEqual(customer);
        const isSame = before.enabled === customer.enabled && before.smsNumber === customer.smsNumber;
        expect(customer.version - before.version).toBe(isSame ? 0 : 1);
        expect(isRefusal(authorizedCustomer(customer))).toBe(!customer.enabled);
      }
    }),
  );
});
