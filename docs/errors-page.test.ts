import { expect, test } from "vitest";
import { errorsPage } from "./errors-page.ts";

test("docs/errors.md is what the error catalogue makes of it", async () => {
  await expect(errorsPage()).toMatchFileSnapshot("./errors.md");
});
