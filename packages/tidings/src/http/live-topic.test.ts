import { expect, test } from "vitest";
import { LiveHub } from "./live-hub.ts";
import { offeredKind, operationKind } from "./live-kind.ts";
import { liveTopic } from "./live-topic.ts";

const read = async () => [];
const sql = async () => ({ rows: [], rowCount: 0 });

test.each(["operations", "Orders", "orders/", ""])("a topic cannot be called %j", (name) => {
  expect(() => liveTopic(name, { read })).toThrow("cannot be the name of a live topic");
});

test("two services cannot offer the same topic", () => {
  const orders = offeredKind(liveTopic("orders", { read }), sql);
  expect(() => new LiveHub(operationKind([]), [orders, orders])).toThrow(
    "Two services offer the live topic orders.",
  );
});

test("a hub that is full turns followers away, and lets them in when others have left", async () => {
  const hub = new LiveHub(operationKind([]), [], { maxFollowers: 1 });
  const told: string[] = [];
  const follow = (name: string) =>
    hub.follow(
      { kind: "operations", id: name },
      { changed: () => {}, closed: () => void told.push(name) },
      1,
    );
  const leave = follow("first");
  follow("second");
  await Promise.resolve();
  expect([told, hub.size]).toEqual([["second"], 1]);
  leave();
  follow("third");
  hub.close();
  expect(told).toEqual(["second", "third"]);
});
