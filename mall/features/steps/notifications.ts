import { type DataTable, Then } from "@cucumber/cucumber";
import { readAll } from "../support/client.ts";
import { eventuallyEqual } from "../support/eventually.ts";
import type { Notification } from "../support/resources.ts";
import type { Shopper, Story } from "../support/story.ts";

async function inboxOf({ api }: Story, { id }: Shopper): Promise<Notification[]> {
  return (await readAll<Notification>(api, `/api/customers/${id}/notifications`)).toReversed();
}

Then<Story>("{shopper} has been told exactly this:", async function (shopper: Shopper, table: DataTable) {
  const expected = table.raw().map(([text = ""]) => text);
  const look = async () => (await inboxOf(this, shopper)).map(({ text }) => text);
  await eventuallyEqual(`${shopper.name} has been told "${expected.at(-1)}"`, look, expected);
});

Then<Story>(
  "{shopper} has been told that her/his order is {}",
  async function (shopper: Shopper, kinds: string) {
    const expected = kinds.split(", ");
    const look = async () => (await inboxOf(this, shopper)).map(({ kind }) => kind);
    await eventuallyEqual(`${shopper.name} has been told ${kinds}`, look, expected);
  },
);

Then<Story>(
  "{shopper} has been told last that her/his order is {word}",
  async function (shopper: Shopper, kind: string) {
    const look = async () => (await inboxOf(this, shopper)).at(-1)?.kind;
    await eventuallyEqual(`${shopper.name} has been told ${kind}`, look, kind);
  },
);
