import { expect, it } from "vitest";
import { readUpstreams } from "./upstream-settings.ts";

it("reads where the processes of each service are", () => {
  const env = {
    UPSTREAM_STORES: "http://127.0.0.1:8101",
    UPSTREAM_GIFT_CARDS: " http://gift-cards:8080/, http://[::1]:8103 ,",
    UPSTREAM_OTHER: "rubbish",
  };
  expect(readUpstreams(["stores", "gift-cards"], env)).toEqual({
    upstreams: {
      stores: ["http://127.0.0.1:8101"],
      "gift-cards": ["http://gift-cards:8080/", "http://[::1]:8103"],
    },
    problems: [],
  });
});

it("says all that is wrong at once", () => {
  const env = { UPSTREAM_A: "", UPSTREAM_B: "127.0.0.1:1,https://x,http://x/path,http://u:p@x,http://good" };
  expect(readUpstreams(["a", "b"], env).problems).toEqual([
    "UPSTREAM_A must be set: where the processes of a are.",
    "UPSTREAM_B must name addresses like http://127.0.0.1:8101, not 127.0.0.1:1.",
    "UPSTREAM_B must name addresses like http://127.0.0.1:8101, not https://x.",
    "UPSTREAM_B must name addresses like http://127.0.0.1:8101, not http://x/path.",
    "UPSTREAM_B must name addresses like http://127.0.0.1:8101, not http://u:p@x.",
  ]);
});
