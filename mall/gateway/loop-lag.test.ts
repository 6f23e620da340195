import { until } from "@tidings/testing";
import { expect, it, onTestFinished } from "vitest";
import { comeBackLater, gatewayTo, startUpstream, turnedAway } from "./gateway.fixture.ts";
import { LoopLag } from "./loop-lag.ts";

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

it("knows that the process does not keep up, and when it does again", async () => {
  const lag = new LoopLag(200);
  onTestFinished(() => lag.close());
  expect(lag.isTooMuch).toBe(false);
  block(400);
  expect(lag.isTooMuch).toBe(true);
  await until("it keeps up", () => !lag.isTooMuch);
});

it("a gateway that does not keep up turns requests away", async () => {
  const upstream = await startUpstream((app) => {
    app.get("/api/things", async () => ({}));
  });
  const gateway = await gatewayTo([upstream.url]);
  const answer = fetch(`${gateway.url}/api/things`);
  block(1_500);
  expect(await turnedAway(await answer)).toEqual(comeBackLater);
  expect(upstream.requests).toEqual([]);
  await until("it keeps up", async () => (await fetch(`${gateway.url}/api/things`)).status === 200);
});
