import { expectTypeOf, test } from "vitest";
import type { DrizzleTransaction } from "./drizzle.ts";
import type { KyselyTransaction } from "./kysely.ts";
import { type Order, OrderPlaced, PayOrder } from "./ordering.fixture.ts";
import type { Outbox } from "./outbox.ts";
import type { PgTransaction } from "./pg.ts";
import type { PrismaTransaction } from "./prisma.ts";
import type { Recorder } from "./recorder.ts";

type Databases = {
  readonly pool: import("pg").Pool;
  readonly kysely: import("kysely").Kysely<object>;
  readonly drizzle: import("drizzle-orm/node-postgres").NodePgDatabase;
  readonly prisma: import("./prisma-client.fixture.ts").PrismaClient;
};

test("each library's transaction is accepted, and what is easily mistaken for one is not", () => {
  expectTypeOf<import("pg").Client>().toExtend<PgTransaction>();
  expectTypeOf<import("pg").PoolClient>().toExtend<PgTransaction>();
  expectTypeOf<Databases["pool"]>().not.toExtend<PgTransaction>();
  expectTypeOf<import("kysely").Transaction<{ note: object }>>().toExtend<KyselyTransaction>();
  expectTypeOf<Databases["kysely"]>().not.toExtend<KyselyTransaction>();
  expectTypeOf<
    Parameters<Parameters<Databases["drizzle"]["transaction"]>[0]>[0]
  >().toExtend<DrizzleTransaction>();
  expectTypeOf<Databases["drizzle"]>().not.toExtend<DrizzleTransaction>();
  expectTypeOf<import("./prisma-client.fixture.ts").PrismaTransactionClient>().toExtend<PrismaTransaction>();
  expectTypeOf<Databases["prisma"]>().not.toExtend<PrismaTransaction>();
});

test("the data fits the contract, one by one and in lists", () => {
  const use = (
    { publishIn, sendIn, recordIn }: Recorder<object>,
    outbox: Outbox,
    order: Order,
    orders: Order[],
  ) => {
    void publishIn({}, outbox, OrderPlaced, order);
    // @ts-expect-error a command is not published
    void publishIn({}, outbox, PayOrder, order);
    // @ts-expect-error an event is not sent
    void sendIn({}, outbox, OrderPlaced, order);
    // @ts-expect-error the key is missing
    void publishIn({}, outbox, OrderPlaced, { note: "" });
    void recordIn({}, outbox, [
      [OrderPlaced, order],
      [PayOrder, order, { key: "1" }],
    ]);
    void recordIn({}, outbox, [
      [OrderPlaced, order],
      // @ts-expect-error the second one's data is wrong
      [PayOrder, { note: "" }],
    ]);
    void recordIn(
      {},
      outbox,
      orders.map((one) => [OrderPlaced, one] as const),
    );
  };
  expectTypeOf(use).returns.toBeVoid();
});
