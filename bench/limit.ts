import pg from "pg";
import { withDatabase } from "./database.ts";
import { produce } from "./measure.ts";
import { insertOrder, orderOf } from "./workload.ts";

/**
 * The machine's limit: the same two inserts in one transaction as plain SQL, by the same driver, one statement awaited
 * after the other, with no library and nobody reading.
 * @returns transactions per second
 */
export async function measureLimit(serverUrl: string, count: number, producers: number): Promise<number> {
  return withDatabase(serverUrl, async (url) => {
    const pool = new pg.Pool({ connectionString: url, max: producers });
    pool.on("error", () => {});
    try {
      await pool.query(`create table orders (id uuid primary key, customer_id text not null, amount integer not null);
        create table messages (position bigint generated always as identity primary key, key text not null, data json not null)`);
      await warmUp(pool, producers);
      const seconds = await produce(count, producers, async (number) => {
        const order = orderOf(number);
        const client = await pool.connect();
        await client.query("begin");
        await client.query(insertOrder, [order.orderId, order.customerId, order.amount]);
        await client.query("insert into messages (key, data) values ($1, $2)", [
          order.customerId,
          JSON.stringify(order),
        ]);
        await client.query("commit");
        client.release();
      });
      const { rows } = await pool.query(
        "select (select count(*)::int from orders) as orders, (select count(*)::int from messages) as messages",
      );
      if (rows[0].orders !== count || rows[0].messages !== count)
        throw new Error("The limit run did not store what it should.");
      return count / seconds;
    } finally {
      await pool.end();
    }
  });
}

async function warmUp(pool: pg.Pool, producers: number): Promise<void> {
  const clients = await Promise.all(Array.from({ length: producers }, () => pool.connect()));
  for (const client of clients) client.release();
}
