import { expect, it } from "vitest";
import { letterOf } from "./letter.ts";
import { NotificationKind } from "./schemas.ts";

const id = "01981f4a-7c00-7000-8000-000000000020";
const note = {
  kind: "ready" as const,
  text: "Your order is ready. Please pay $25.98.",
  at: new Date("2026-08-22T10:00:00Z"),
  name: "Mina Okafor",
  email: "mina@example.com",
};

it("A letter says what the notification says, to the customer.", () => {
  expect(letterOf(id, note)).toEqual({
    id,
    to: { name: "Mina Okafor", address: "mina@example.com" },
    subject: "Your order is ready",
    text: "Hello Mina Okafor,\n\nYour order is ready. Please pay $25.98.\n\nThe Mall\n",
    date: note.at,
  });
});

it("Each kind of notification has a subject of its own.", () => {
  const subjects = NotificationKind.options.map((kind) => letterOf(id, { ...note, kind })?.subject);
  expect(new Set(subjects).size).toBe(7);
});

it.each([
  null,
  "",
  "mina",
  "mina@example.com, other@example.com",
  "mina@example.com\r\nBcc: other@example.com",
  "mina@example.com\n",
  "<mina@example.com>",
  "mina@example.com> SIZE=1",
  "mina @example.com",
  '"mina"@example.com',
  `${"m".repeat(250)}@example.com`,
])("There is no letter to %j.", (email) => {
  expect(letterOf(id, { ...note, email })).toBeUndefined();
});

it.each([
  ["Mina\r\nBcc: other@example.com", "Mina Bcc: other@example.com"],
  ["\u202eMina\u2028\u0000", "Mina"],
  [null, ""],
])("The name %j is shown as %j.", (name, shown) => {
  const letter = letterOf(id, { ...note, name });
  expect(letter?.to.name).toBe(shown);
  expect(letter?.text).not.toMatch(/[^\P{C}\n]/u);
});
