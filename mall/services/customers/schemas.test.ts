import { describe, expect, it } from "vitest";
import { EnableCustomer, RegisterCustomer } from "./schemas.ts";

const mina = { name: "Mina Okafor", email: "mina@example.com", smsNumber: "+15550100" };

describe("the request to register", () => {
  it.each(["name", "email", "smsNumber"])("needs a %s that is not blank", (field) => {
    for (const value of [undefined, null, "", " ", 5]) {
      const { error } = RegisterCustomer.safeParse({ ...mina, [field]: value });
      expect(error?.issues.map((issue) => issue.path.join("/"))).toContain(field);
    }
  });

  it.each([
    "mina@example.com",
    "Mina.Okafor+mall@mail.example.co.uk",
    "o'brien_1@a-b.example",
    "x@xn--bcher-kva.example",
    " mina@example.com ",
  ])("takes the email address %j", (email) => {
    expect(RegisterCustomer.parse({ ...mina, email }).email).toBe(email.trim());
  });

  it.each([
    "mina",
    "mina@",
    "@example.com",
    "mina@example",
    "mina@@example.com",
    "mina@exa mple.com",
    "mi na@example.com",
    "mina..okafor@example.com",
    ".mina@example.com",
    "mina.@example.com",
    "mina@-example.com",
    "mina@example..com",
    "mina@exam\u0000ple.com",
    "mina@example.com, other@example.com",
    "Mina <mina@example.com>",
    `${"x".repeat(243)}@example.com`,
  ])("refuses the email address %j", (email) => {
    expect(RegisterCustomer.safeParse({ ...mina, email }).success).toBe(false);
  });

  it("answers quickly to an address that is long and wrong", () => {
    const email = `${"a.".repeat(200_000)}@`;
    const start = performance.now();
    expect(RegisterCustomer.safeParse({ ...mina, email }).success).toBe(false);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

it("A request to enable takes nothing but true and false.", () => {
  for (const enabled of ["true", 0, null, undefined]) {
    expect(EnableCustomer.safeParse({ enabled }).success).toBe(false);
  }
});
