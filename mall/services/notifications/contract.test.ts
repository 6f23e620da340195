import { validate } from "tidings";
import { expect, it } from "vitest";
import { SendMail } from "./contract.ts";

it("The example is what the schema describes.", () => {
  expect(validate(SendMail.schema, SendMail.example)).toEqual({ value: SendMail.example });
});
