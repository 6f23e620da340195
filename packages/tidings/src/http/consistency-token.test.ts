import { expect, test } from "vitest";
import { decodeToken, encodeToken, mergeTokens, tokenOf } from "./consistency-token.ts";
import { Problem } from "./problem.ts";

const positions = new Map([
  [0, 12],
  [31, Number.MAX_SAFE_INTEGER],
]);

test("a token is read back as it was written", () => {
  const token = mergeTokens(tokenOf("stores", positions), tokenOf("order-desk", new Map([[7, 1]])));
  expect(decodeToken(encodeToken(token))).toEqual(token);
  expect(decodeToken(encodeToken(new Map()))).toEqual(new Map());
});

test("no header is an empty token", () => {
  expect(decodeToken(undefined).size).toBe(0);
});

test("two tokens merge to the higher position of each partition", () => {
  const one = tokenOf(
    "stores",
    new Map([
      [0, 5],
      [1, 9],
    ]),
  );
  const other = mergeTokens(
    tokenOf(
      "stores",
      new Map([
        [0, 7],
        [1, 2],
      ]),
    ),
    tokenOf("depot", new Map([[3, 4]])),
  );
  expect(mergeTokens(one, other)).toEqual(
    new Map([
      [
        "stores",
        new Map([
          [0, 7],
          [1, 9],
        ]),
      ],
      ["depot", new Map([[3, 4]])],
    ]),
  );
});

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

test.each([
  ["no base64url", "{}"],
  ["no JSON", "abcd"],
  ["an array", encode(["0.1"])],
  ["null", encode(null)],
  ["a service name of another kind", encode({ "Sto res": "0.1" })],
  ["a position that is no text", encode({ stores: { "0": "1" } })],
  ["a position without a partition", encode({ stores: "12" })],
  ["a position beyond a safe integer", encode({ stores: "0.zzzzzzzzzzz" })],
  ["a partition that cannot be", encode({ stores: "zzz.1" })],
  ["more than 8 KiB", "A".repeat(8193)],
])("%s is refused, and the problem names the header", (_, header) => {
  const decode = () => decodeToken(header);
  expect(decode).toThrow(Problem);
  try {
    decode();
  } catch (problem) {
    expect((problem as Problem).toBody("/")).toMatchObject({
      status: 422,
      errors: [{ detail: expect.stringContaining("Consistency-Token") }],
    });
  }
});

test("a token of nine services with 32 partitions each, far along, is below 8 KiB", () => {
  const all = new Map(Array.from({ length: 32 }, (_, partition) => [partition, 9_999_999_999]));
  const names = Array.from({ length: 9 }, (_, index) => `service-${index}`);
  const token = names.map((name) => tokenOf(name, all)).reduce(mergeTokens);
  expect(encodeToken(token).length).toBeLessThan(5 * 1024);
});
