import { describe, expect, it } from "vitest";
import { authorizedCustomer, changeCustomer, newCustomer, registeredCustomer } from "./customer.ts";

const mina = newCustomer("mina", { name: "Mina Okafor", email: "mina@example.com", smsNumber: "+15550100" });
const disabled = changeCustomer(mina, { enabled: false });

describe("a customer", () => {
  it("is enabled from registration on, at version 1", () => {
    expect(mina).toEqual({
      id: "mina",
      name: "Mina Okafor",
      email: "mina@example.com",
      smsNumber: "+15550100",
      enabled: true,
      version: 1,
    });
  });

  it("is unknown when nobody registered", () => {
    expect(registeredCustomer(undefined, "mina")).toMatchObject({ rule: "not-found" });
    expect(registeredCustomer(mina, "mina")).toBe(mina);
  });

  it("is disabled and enabled again, one version each", () => {
    expect(disabled).toEqual({ ...mina, enabled: false, version: 2 });
    expect(changeCustomer(disabled, { enabled: true })).toEqual({ ...mina, version: 3 });
  });

  it("gets another number, one version later", () => {
    expect(changeCustomer(mina, { smsNumber: "+15550199" })).toEqual({
      ...mina,
      smsNumber: "+15550199",
      version: 2,
    });
  });

  it("stays the very same when nothing changes", () => {
    expect(changeCustomer(mina, { enabled: true })).toBe(mina);
    expect(changeCustomer(mina, { smsNumber: "+15550100" })).toBe(mina);
  });

  it("may shop when known and enabled", () => {
    expect(authorizedCustomer(mina)).toBe(mina);
  });

  it("may not shop when unknown", () => {
    expect(authorizedCustomer(undefined)).toMatchObject({ rule: "customer-unknown" });
  });

  it("may not shop when disabled", () => {
    expect(authorizedCustomer(disabled)).toMatchObject({ rule: "customer-disabled" });
  });
});
