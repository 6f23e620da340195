import { httpClient } from "@mall/common/http-client";
import { startTestHost } from "@tidings/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asOperator } from "../../access.fixture.ts";
import { customers } from "./service.ts";

interface Customer {
  readonly id: string;
  readonly email: string;
}

const unknownId = "01981f4a-7c00-7000-8000-0000000000ff";
const mina = { name: "Mina Okafor", email: "mina@example.com", smsNumber: "+15550100" };
let host: Awaited<ReturnType<typeof startTestHost>>;
let api: ReturnType<typeof httpClient>;
let count = 0;

beforeAll(async () => {
  host = await startTestHost([customers], { http: asOperator });
  api = httpClient(host.url);
});
afterAll(() => host?.close());

async function register() {
  const body = { ...mina, email: `customer${++count}@example.com` };
  return (await api<Customer>("POST /api/customers", body)).body;
}

describe("registering", () => {
  it("answers where the customer is, the customer, enabled, and the version", async () => {
    const { status, headers, body } = await api<Customer>("POST /api/customers", { ...mina, age: 40 });
    expect(status).toBe(201);
    expect(headers.get("location")).toBe(`/api/customers/${body.id}`);
    expect(headers.get("etag")).toBe('"1"');
    expect(body).toEqual({ id: body.id, ...mina, enabled: true });
    const read = await api(`GET /api/customers/${body.id}`);
    expect([read.status, read.headers.get("etag"), read.body]).toEqual([200, '"1"', body]);
  });

  it("is refused with an email address that is used already, in whatever case", async () => {
    const { email } = await register();
    const again = await api("POST /api/customers", { ...mina, email: email.toUpperCase() });
    expect(again).toMatchObject({ status: 409, body: { rule: "email-already-used" } });
  });

  it("happens once when many use one address at once", async () => {
    const adding = Array.from({ length: 8 }, () =>
      api("POST /api/customers", { ...mina, email: "crowd@example.com" }),
    );
    const statuses = (await Promise.all(adding)).map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array(7).fill(409)]);
  });

  it("gives the first answer to a repeat under the same key", async () => {
    const body = { ...mina, email: "keyed@example.com" };
    const key = { "idempotency-key": '"register-once"' };
    const first = await api("POST /api/customers", body, key);
    const second = await api("POST /api/customers", body, key);
    expect([second.status, second.body]).toEqual([201, first.body]);
    expect((await api("POST /api/customers", { ...body, name: "Other" }, key)).status).toBe(422);
  });

  it.each([
    ["/name", { name: " " }],
    ["/name", { name: "a\u0000b" }],
    ["/email", { email: "mina" }],
    ["/email", { email: "" }],
    ["/smsNumber", { smsNumber: " " }],
    ["/smsNumber", { smsNumber: undefined }],
  ])("is refused for its %s: %j", async (pointer, wrong) => {
    const { status, body } = await api<{ errors: { pointer: string }[] }>("POST /api/customers", {
      ...mina,
      ...wrong,
    });
    expect(status).toBe(422);
    expect(new Set(body.errors.map((error) => error.pointer))).toEqual(new Set([pointer]));
  });
});

describe("a customer", () => {
  it("is disabled and enabled again, once however often it is asked", async () => {
    const customer = await register();
    const enable = (enabled: boolean) => api(`PUT /api/customers/${customer.id}/enabled`, { enabled });
    for (const [enabled, version] of [
      [true, 1],
      [false, 2],
      [false, 2],
      [true, 3],
    ] as const) {
      const { status, headers, body } = await enable(enabled);
      expect([status, headers.get("etag"), body]).toEqual([200, `"${version}"`, { ...customer, enabled }]);
    }
  });

  it("gets another number, which must not be blank", async () => {
    const customer = await register();
    const change = (smsNumber: string) => api(`PUT /api/customers/${customer.id}/sms-number`, { smsNumber });
    const { status, headers, body } = await change("+15550199");
    expect([status, headers.get("etag"), body]).toEqual([
      200,
      '"2"',
      { ...customer, smsNumber: "+15550199" },
    ]);
    expect((await change(" ")).status).toBe(422);
    expect((await change("+15550199")).headers.get("etag")).toBe('"2"');
  });

  it("is not changed by a request that names an old version", async () => {
    const { id } = await register();
    await api(`PUT /api/customers/${id}/enabled`, { enabled: false });
    const stale = { "if-match": '"1"' };
    expect((await api(`PUT /api/customers/${id}/enabled`, { enabled: true }, stale)).status).toBe(412);
    expect((await api(`PUT /api/customers/${id}/sms-number`, { smsNumber: "1" }, stale)).status).toBe(412);
    expect(
      (await api(`PUT /api/customers/${id}/enabled`, { enabled: true }, { "if-match": '"2"' })).status,
    ).toBe(200);
  });

  it.each([unknownId, "42"])("is not found under the id %j", async (id) => {
    expect((await api(`GET /api/customers/${id}`)).status).toBe(404);
    expect((await api(`PUT /api/customers/${id}/enabled`, { enabled: true })).status).toBe(404);
    expect(
      (await api(`PUT /api/customers/${id}/enabled`, { enabled: true }, { "if-match": '"1"' })).status,
    ).toBe(404);
    expect((await api(`PUT /api/customers/${id}/sms-number`, { smsNumber: "1" })).status).toBe(404);
  });
});
