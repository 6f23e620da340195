import type { Api } from "@mall/common/http-client";
import { until } from "@tidings/testing";
import { uuidv7 } from "tidings";
import { afterAll, beforeAll, expect, it } from "vitest";
import { httpCardProcessor } from "./card-processor-http.ts";
import {
  authorize,
  type Body,
  command,
  confirmOrder,
  ledgerOf,
  newAmount,
  outcomeOf,
  register,
  startPayments,
} from "./payments.fixture.ts";

let scene: Awaited<ReturnType<typeof startPayments>>;
let api: Api;
beforeAll(async () => {
  scene = await startPayments({ holdExpiresMs: 3_000, abandonAfterMs: 500 });
  api = scene.api;
});
afterAll(() => scene?.close());

const statusOf = async (paymentId: string) => (await api<Body>(`GET /api/payments/${paymentId}`)).body.status;

it("A hold that no order confirms expires and is given back; one that is confirmed stays.", async () => {
  const kept = await confirmOrder(api);
  const { pool } = scene.host.application.host.runtime("payments");
  const { rowCount } = await pool.query("select from tidings_scheduled where message::text like $1", [
    `%${kept.paymentId}%`,
  ]);
  expect(rowCount, "the confirmed payment's expiry is not waiting any more").toBe(0);
  const unused = await authorize(api);
  expect(await statusOf(unused.paymentId)).toBe("authorized");
  await until("it expires", async () => (await statusOf(unused.paymentId)) === "expired");
  expect(await ledgerOf(api, unused.amount)).toMatchObject({ holds: ["released"], releases: 1 });
  expect(await command(api, "confirm", { ...unused, orderId: uuidv7() })).toMatchObject({
    rule: "payment-declined",
  });
  expect(await statusOf(kept.paymentId)).toBe("confirmed");
  expect((await ledgerOf(api, kept.amount)).releases).toBe(0);
});

it("A hold whose request was never answered is given back when nobody comes back for it; who does gets another.", async () => {
  const { customerId, token } = await register(api);
  const amount = newAmount();
  const key = { "idempotency-key": "abandoned" };
  const pay = (cardToken: string) =>
    api<Body>("POST /api/payments", { customerId, amount, cardToken }, { ...token, ...key });
  expect(outcomeOf(await pay("tok_timeout"))).toBe("503 processor-unavailable");
  await until("it is given back", async () => (await ledgerOf(api, amount)).releases === 1);
  expect((await ledgerOf(api, amount)).holds).toEqual(["released"]);
  expect(outcomeOf(await pay("tok_ok"))).toBe("201 authorized");
  expect((await ledgerOf(api, amount)).holds).toEqual(["released", "held"]);
});

it("Attempts that led to a payment are forgotten, and its hold stays.", async () => {
  const order = await confirmOrder(api);
  const { pool } = scene.host.application.host.runtime("payments");
  await until(
    "the attempts are forgotten",
    async () => (await pool.query("select from attempts")).rowCount === 0,
  );
  expect((await ledgerOf(api, order.amount)).holds).toEqual(["held"]);
});

it("A payment whose attempt is given up while the processor thinks does not come to be, and holds nothing.", async () => {
  let url = "";
  const real = httpCardProcessor(() => url);
  const given = async () => {
    const { pool } = slow.host.application.host.runtime("payments");
    return (await pool.query("select from attempts")).rowCount === 0;
  };
  const slow = await startPayments({
    abandonAfterMs: 500,
    processor: {
      ...real,
      hold: async (call) => {
        const outcome = await real.hold(call);
        await until("the attempt is given up", given);
        return outcome;
      },
    },
  });
  url = slow.host.url;
  const { customerId, token } = await register(slow.api);
  const amount = newAmount();
  const body = { customerId, amount, cardToken: "tok_ok" };
  expect(outcomeOf(await slow.api<Body>("POST /api/payments", body, token))).toBe(
    "503 processor-unavailable",
  );
  await until("the hold is given back", async () => (await ledgerOf(slow.api, amount)).releases === 1);
  await slow.close();
});
