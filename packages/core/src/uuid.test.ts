import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isUuid, uuidv7 } from "./uuid.ts";

const timeOf = (id: string) => Number.parseInt(id.replace("-", "").slice(0, 12), 16);
const counterOf = (id: string) => Number.parseInt(id.slice(15, 18), 16);
const isAscending = (ids: readonly string[]) =>
  ids.every((id, index) => index === 0 || (ids[index - 1] as string) < id);

/** Each test works at a later time than those before it: ids never go back within one process. */
let later = Date.now();
const nextMoment = () => {
  later += 1_000_000;
  return later;
};

describe("a UUIDv7", () => {
  it("has version 7, the variant of RFC 9562, and lower-case digits", () => {
    for (let count = 0; count < 2_000; count++) {
      expect(uuidv7()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });

  it("begins with the milliseconds that it is given", () => {
    const time = nextMoment();
    expect(timeOf(uuidv7(time))).toBe(time);
  });

  it("begins with the time of the machine when it is given none", async () => {
    const { uuidv7: fresh } = await freshModule();
    const before = Date.now();
    const time = timeOf(fresh());
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(Date.now());
  });

  it("sorts by call order within one millisecond, also when there are 5,000 of them", () => {
    const time = nextMoment();
    const ids = Array.from({ length: 5_000 }, () => uuidv7(time));
    expect(isAscending(ids)).toBe(true);
    expect(
      ids
        .map(timeOf)
        .slice(0, 4_096)
        .every((each) => each === time),
    ).toBe(true);
    expect(timeOf(ids[4_096] as string)).toBe(time + 1);
    expect(counterOf(ids[4_095] as string)).toBe(0xfff);
  });

  it("sorts by call order when the clock steps back", () => {
    const time = nextMoment();
    const ids = [time, time - 60_000, time - 59_999, 0, time, time + 1].map(uuidv7);
    expect(isAscending(ids)).toBe(true);
    expect(timeOf(ids[1] as string)).toBe(time);
    expect(timeOf(ids.at(-1) as string)).toBe(time + 1);
  });

  it("sorts by call order and never repeats, whatever the clock does", () => {
    const start = nextMoment();
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 2 }), (steps) => {
        const ids = steps.map((step) => uuidv7(start + step));
        expect(isAscending(ids)).toBe(true);
      }),
    );
  });

  it("has 62 bits that no other process repeats", async () => {
    const [one, two] = [await freshModule(), await freshModule()];
    const tails = [one, two].flatMap(({ uuidv7: make }) =>
      Array.from({ length: 1_500 }, () => make(1).slice(19)),
    );
    expect(new Set(tails).size).toBe(3_000);
    for (let bit = 0; bit < 62; bit++) {
      const set = tails.filter((tail) => (BigInt(`0x${tail.replace("-", "")}`) >> BigInt(bit)) & 1n).length;
      expect(set, `bit ${bit}`).toBeGreaterThan(1_200);
      expect(set, `bit ${bit}`).toBeLessThan(1_800);
    }
  });
});

/** Another process, as far as the counter and the entropy are concerned. */
let modules = 0;
function freshModule(): Promise<typeof import("./uuid.ts")> {
  return import(/* @vite-ignore */ `./uuid.ts?process=${++modules}`);
}

const sample = "0198c2f0-0000-7000-8000-000000000000";

describe("isUuid", () => {
  it("knows UUIDs of any version, in either case", () => {
    fc.assert(fc.property(fc.uuid(), (id) => isUuid(id) && isUuid(id.toUpperCase())));
    expect(isUuid("00000000-0000-0000-0000-000000000000")).toBe(true);
  });

  it.each(["", "1", `${sample} `, `${sample}\n`, sample.replaceAll("-", ""), `{${sample}}`, "g".repeat(36)])(
    "does not take %j for one",
    (text) => {
      expect(isUuid(text)).toBe(false);
    },
  );
});
