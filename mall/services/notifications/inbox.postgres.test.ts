import { createTestDatabase, type TestDatabase } from "@tidings/testing";
import { Host, type Page, type Transaction, uuidv7 } from "tidings";
import { afterAll, beforeAll, expect, it } from "vitest";
import { keepNotification, listNotifications } from "./inbox.ts";
import type { NotificationKind } from "./schemas.ts";
import { notifications } from "./service.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const at = "2026-08-22T10:00:00.000Z";
let database: TestDatabase;
let host: Host;

beforeAll(async () => {
  database = await createTestDatabase();
  host = await Host.start([notifications()], { databaseUrl: database.url, log: quiet });
});
afterAll(async () => {
  await host?.close();
  await database?.drop();
});

function inTransaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
  return host.transaction("notifications", work);
}

function tell(customerId: string, orderId: string, kind: NotificationKind, text: string) {
  return inTransaction((tx) => keepNotification(tx, { customerId, orderId, kind, text, at }));
}

function read(customerId: string, page: Page<[at: string, id: string]>) {
  return inTransaction((tx) => listNotifications(tx.query.bind(tx), customerId, page));
}

it("A shopper is told each thing about an order once: the first text stays.", async () => {
  const [customerId, orderId] = [uuidv7(), uuidv7()];
  await tell(customerId, orderId, "placed", "first");
  await tell(customerId, orderId, "placed", "again");
  await tell(customerId, orderId, "approved", "approved");
  await tell(customerId, uuidv7(), "placed", "another order");
  const { items } = await read(customerId, { limit: 10, after: undefined });
  expect(items.map(({ text }) => text)).toEqual(["another order", "approved", "first"]);
});

it("Notifications of the same moment are neither skipped nor repeated from page to page.", async () => {
  const customerId = uuidv7();
  for (let n = 0; n < 5; n++) await tell(customerId, uuidv7(), "placed", String(n));
  const texts: string[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const after = cursor && JSON.parse(Buffer.from(cursor, "base64url").toString());
    const { items, next } = await read(customerId, { limit: 2, after });
    texts.push(...items.map(({ text }) => text));
    cursor = next;
  }
  expect(texts).toEqual(["4", "3", "2", "1", "0"]);
});
