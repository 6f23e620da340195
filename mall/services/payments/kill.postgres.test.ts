import { type Api, httpClient } from "@mall/common/http-client";
import { until } from "@tidings/testing";
import { type Application, startApplication, uuidv7 } from "tidings";
import { afterEach, beforeEach, expect, it } from "vitest";
import { asOperator } from "../../access.fixture.ts";
import { httpCardProcessor } from "./card-processor-http.ts";
import { type DeadlyCall, type DoomedPayments, startDoomed } from "./kill.fixture.ts";
import {
  authorize,
  type Body,
  command,
  confirmOrder,
  ledgerOf,
  newAmount,
  outcomeOf,
  readyOrder,
  register,
  startScene,
} from "./payments.fixture.ts";
import { payments } from "./service.ts";

let scene: Awaited<ReturnType<typeof startScene>>;
let doomed: DoomedPayments | undefined;
let healthy: Application | undefined;
beforeEach(async () => {
  scene = await startScene([]);
});
afterEach(async () => {
  doomed?.kill();
  await doomed?.ended;
  await healthy?.close();
  [doomed, healthy] = [undefined, undefined];
  await scene.close();
});

async function startHealthy(abandonAfterMs = 500) {
  const { url, database, application } = scene.host;
  const service = payments({
    processor: httpCardProcessor(() => url),
    abandonAfterMs,
  });
  const options = { databaseUrl: database.url, port: 0, http: asOperator, log: application.app.log };
  healthy = await startApplication([service], options);
  return clientOf(healthy.url);
}

async function startDying(deadly: DeadlyCall, holdExpiresMs = 60_000) {
  doomed = await startDoomed(scene.host.database.url, scene.host.url, { deadly, holdExpiresMs });
  return clientOf(doomed.url);
}

/** Payments are in one process, the processor and the neighbours in another. */
function clientOf(url: string): Api {
  const client = httpClient(url);
  return (route, ...rest) => (route.includes(" /api/") ? client : scene.api)(route, ...rest);
}

async function expectDeath() {
  expect(await doomed?.ended).toBe("SIGKILL");
}

async function dieInHold() {
  const api = await startDying("hold");
  const { customerId, token } = await register(api);
  const body = { customerId, amount: newAmount(), cardToken: "tok_ok" };
  const headers = { ...token, "idempotency-key": "before-and-after" };
  await expect(api("POST /api/payments", body, headers)).rejects.toThrow("fetch failed");
  await expectDeath();
  expect(await ledgerOf(api, body.amount)).toMatchObject({ holds: ["held"], requests: 1 });
  return { body, headers };
}

it("Payments that die after the hold have one hold, which the repeat of the request finds.", async () => {
  const { body, headers } = await dieInHold();
  const api = await startHealthy(60_000);
  const payment = await until(
    "the repeat is answered",
    async () => {
      const answer = await api<Body>("POST /api/payments", body, headers);
      return answer.status !== 409 && answer;
    },
    { interval: 200 },
  );
  expect(outcomeOf(payment)).toBe("201 authorized");
  expect(await ledgerOf(api, body.amount)).toMatchObject({
    holds: ["held"],
    references: [payment.body.id],
    releases: 0,
  });
});

it("Payments that die after the hold give it back when no repeat comes.", async () => {
  const { body } = await dieInHold();
  const api = await startHealthy();
  await until("it is given back", async () => (await ledgerOf(api, body.amount)).releases === 1);
  expect((await ledgerOf(api, body.amount)).holds).toEqual(["released"]);
});

it("Payments that die after the release of an order's hold have released it once, and say so.", async () => {
  const api = await startDying("release");
  const order = await confirmOrder(api);
  const replied = command(api, "release", order);
  await expectDeath();
  expect(await ledgerOf(api, order.amount)).toMatchObject({ holds: ["released"], releases: 1 });
  const again = await startHealthy();
  expect(await replied).toEqual({ outcome: "done", result: { paymentId: order.paymentId } });
  expect((await again<Body>(`GET /api/payments/${order.paymentId}`)).body.status).toBe("released");
  expect((await ledgerOf(again, order.amount)).releases).toBe(1);
});

it("Payments that die after the release of an unused hold let no order have it.", async () => {
  const api = await startDying("release", 1_000);
  const unused = await authorize(api);
  await expectDeath();
  const replied = command(api, "confirm", { ...unused, orderId: uuidv7() });
  const again = await startHealthy();
  expect(await replied).toMatchObject({ rule: "payment-declined" });
  await until("it has expired", async () => {
    const { body } = await again<Body>(`GET /api/payments/${unused.paymentId}`);
    return body.status === "expired";
  });
  expect(await ledgerOf(again, unused.amount)).toMatchObject({ holds: ["released"], releases: 1 });
});

it.each([
  ["the repeat of the request pays", true],
  ["nobody comes back, yet they pay", false],
])("Payments that die after the capture have captured once: %s.", async (_, isRepeated) => {
  const api = await startDying("capture");
  const { invoiceId, paymentId, amount, total } = await readyOrder(api);
  const pay = (client: Api) =>
    client<Body>(`POST /api/invoices/${invoiceId}/pay`, undefined, { "idempotency-key": "pay" });
  await expect(pay(api)).rejects.toThrow("fetch failed");
  await expectDeath();
  expect((await ledgerOf(api, amount)).captures).toEqual([total.amount]);
  const again = await startHealthy();
  if (isRepeated) expect(["200 paid", "409 invoice-is-not-pending"]).toContain(outcomeOf(await pay(again)));
  await until("it is paid", async () => {
    const { body } = await again<Body>(`GET /api/invoices/${invoiceId}`);
    return body.status === "paid";
  });
  expect((await again<Body>(`GET /api/payments/${paymentId}`)).body.status).toBe("captured");
  expect(await ledgerOf(again, amount)).toMatchObject({ captures: [total.amount], releases: 0 });
});
