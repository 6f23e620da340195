import { Before, setWorldConstructor } from "@cucumber/cucumber";
import { mallWithShortHolds, sharedMall } from "./malls.ts";
import { Story } from "./story.ts";

setWorldConstructor(Story);

Before<Story>({ tags: "not @short-holds" }, async function () {
  this.visit(await sharedMall());
});

Before<Story>({ tags: "@short-holds" }, async function () {
  const url = await mallWithShortHolds();
  if (url === undefined) return "skipped";
  this.visit(url);
  return undefined;
});
