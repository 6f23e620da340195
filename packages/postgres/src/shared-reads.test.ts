import { expect, test } from "vitest";
import { isTransient } from "./errors.ts";
import { SharedReads } from "./shared-reads.ts";

test("reads at the same time share queries, and each is answered by one that began after it", async () => {
  let version = 0;
  const queries: (readonly string[])[] = [];
  const reads = new SharedReads(async (ids) => {
    queries.push(ids);
    const read = version;
    await new Promise((resolve) => setTimeout(resolve, 5));
    return ids.filter((id) => id !== "none").map((id) => ({ id, read }));
  });
  const first = reads.read("a");
  version = 1;
  const later = ["a", "b", "a", "none"].map((id) => reads.read(id));
  expect(await first).toEqual({ id: "a", read: 0 });
  expect((await Promise.all(later)).map((value) => value?.read)).toEqual([1, 1, 1, undefined]);
  expect(queries).toEqual([["a"], ["a", "b", "none"]]);
});

test("a query that fails fails for those who share it, and not for later ones", async () => {
  let isFailing = true;
  const reads = new SharedReads(async (ids) => {
    if (isFailing) throw new Error("unreachable");
    return ids.map((id) => ({ id }));
  });
  await expect(reads.read("a")).rejects.toThrow("unreachable");
  isFailing = false;
  expect(await reads.read("a")).toEqual({ id: "a" });
});

test("a query that does not end fails as one that is worth repeating, and does not hold up the next one", async () => {
  let isHanging = true;
  const reads = new SharedReads(
    (ids) => (isHanging ? new Promise<never>(() => {}) : Promise.resolve(ids.map((id) => ({ id })))),
    20,
  );
  const error = await reads.read("a").catch((error) => error);
  isHanging = false;
  expect([isTransient(error), await reads.read("b")]).toEqual([true, { id: "b" }]);
});
