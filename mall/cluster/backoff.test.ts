import { expect, it } from "vitest";
import { Backoff } from "./backoff.ts";

it("waits longer each time, up to five seconds", () => {
  const backoff = new Backoff();
  const waits = Array.from({ length: 7 }, () => backoff.next(100));
  expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
});

it("begins anew after a process that lived for half a minute", () => {
  const backoff = new Backoff();
  backoff.next(0);
  backoff.next(29_999);
  expect(backoff.next(30_000)).toBe(200);
  expect(backoff.next(0)).toBe(400);
});
