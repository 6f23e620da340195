import { httpClient } from "@mall/common/http-client";
import { startTestHost } from "@tidings/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stores } from "./service.ts";

interface Store {
  readonly id: string;
  readonly name: string;
}
interface List {
  readonly items: readonly Store[];
  readonly next: string | null;
}

const unknownId = "01981f4a-7c00-7000-8000-0000000000ff";
const lantern = { name: "The Paper Lantern", location: "North wing" };
let host: Awaited<ReturnType<typeof startTestHost>>;
let api: ReturnType<typeof httpClient>;

beforeAll(async () => {
  host = await startTestHost([stores]);
  api = httpClient(host.url);
});
afterAll(() => host?.close());

async function open(name = "The Paper Lantern") {
  return (await api<Store>("POST /api/stores", { ...lantern, name })).body;
}

function problem(type: string, more: object = {}) {
  return { type: expect.stringMatching(new RegExp(`/problems/${type}$`)), ...more };
}

describe("opening a store", () => {
  it("answers where it is, the store, and its version", async () => {
    const { status, headers, body } = await api<Store>("POST /api/stores", { ...lantern, owner: "ignored" });
    expect(status).toBe(201);
    expect(headers.get("location")).toBe(`/api/stores/${body.id}`);
    expect(headers.get("etag")).toBe('"1"');
    expect(headers.get("consistency-token")).toBeTruthy();
    expect(body).toEqual({ id: body.id, ...lantern, participating: false });
    expect(body.id[14]).toBe("7");
  });

  it("is refused when a text is blank, missing, too long or not text, naming each field", async () => {
    const wrong = { name: "  ", location: "x".repeat(201) };
    const { status, headers, body } = await api<{ errors: { pointer: string }[] }>("POST /api/stores", wrong);
    expect(status).toBe(422);
    expect(headers.get("content-type")).toMatch("application/problem+json");
    expect(body).toMatchObject(problem("validation-failed", { status: 422 }));
    expect(body.errors.map(({ pointer }) => pointer)).toEqual(["/name", "/location"]);
    for (const bad of [{}, { ...lantern, name: 5 }, { ...lantern, name: null }, []]) {
      expect((await api("POST /api/stores", bad)).status).toBe(422);
    }
    expect((await api("POST /api/stores")).status).toBe(422);
  });

  it("is refused when a text holds what the database cannot store or a terminal would obey", async () => {
    for (const name of ["a\u0000b", "a\u001bb", "a\ud800b"]) {
      expect((await api("POST /api/stores", { ...lantern, name })).status).toBe(422);
    }
    expect((await api("POST /api/stores", { ...lantern, name: "two\nlines" })).status).toBe(201);
  });

  it("is refused when the body is not JSON, is of another kind, or is too large", async () => {
    const send = (body: string, type: string) =>
      fetch(`${host.url}/api/stores`, { method: "POST", body, headers: { "content-type": type } });
    expect((await send("{", "application/json")).status).toBe(400);
    expect((await send("name=x", "application/x-www-form-urlencoded")).status).toBe(415);
    const large = JSON.stringify({ ...lantern, note: "x".repeat(1024 * 1024) });
    expect((await send(large, "application/json")).status).toBe(413);
  });

  it("happens once when it is repeated under the same key", async () => {
    const name = "Only once";
    const key = { "idempotency-key": "open-once" };
    const first = await api<Store>("POST /api/stores", { ...lantern, name }, key);
    const second = await api<Store>("POST /api/stores", { ...lantern, name }, key);
    expect([second.status, second.body]).toEqual([201, first.body]);
    expect(second.headers.get("location")).toBe(first.headers.get("location"));
    const { body } = await api<List>("GET /api/stores?limit=200");
    expect(body.items.filter((store) => store.name === name)).toHaveLength(1);
    const other = await api("POST /api/stores", { ...lantern, name: "Another" }, key);
    expect(other).toMatchObject({ status: 422, body: problem("idempotency-key-reused") });
  });
});

describe("a store", () => {
  it("is read with its version", async () => {
    const store = await open();
    const { status, headers, body } = await api(`GET /api/stores/${store.id}`);
    expect([status, headers.get("etag"), body]).toEqual([200, '"1"', store]);
  });

  it("is found under its id in upper case", async () => {
    const store = await open();
    expect((await api(`GET /api/stores/${store.id.toUpperCase()}`)).body).toEqual(store);
  });

  it.each([unknownId, "42", "not-an-id", "%00", `${unknownId}x`])(
    "is not found under the id %j",
    async (id) => {
      const missing = { status: 404, body: problem("not-found", { status: 404 }) };
      expect(await api(`GET /api/stores/${id}`)).toMatchObject(missing);
      expect(await api(`GET /api/stores/${id}/products`)).toMatchObject(missing);
      expect(await api(`PUT /api/stores/${id}/name`, { name: "x" })).toMatchObject(missing);
      expect(await api(`PUT /api/stores/${id}/participation`, { participating: true })).toMatchObject(
        missing,
      );
    },
  );

  it("begins to participate, once however often it is told to", async () => {
    const store = await open();
    const join = () => api(`PUT /api/stores/${store.id}/participation`, { participating: true });
    for (const { status, headers, body } of [await join(), await join()]) {
      expect([status, headers.get("etag"), body]).toEqual([200, '"2"', { ...store, participating: true }]);
    }
    expect((await api(`GET /api/stores/${store.id}`)).body).toEqual({ ...store, participating: true });
  });

  it("takes a new name, but not a blank one", async () => {
    const store = await open();
    const { status, headers, body } = await api(`PUT /api/stores/${store.id}/name`, {
      name: " Lantern & Daughters ",
    });
    const renamed = { ...store, name: "Lantern & Daughters" };
    expect([status, headers.get("etag"), body]).toEqual([200, '"2"', renamed]);
    expect((await api(`PUT /api/stores/${store.id}/name`, { name: " " })).status).toBe(422);
    expect((await api(`GET /api/stores/${store.id}`)).body).toEqual(renamed);
  });

  it("is not changed by a request that names an old version, even when nothing would change", async () => {
    const store = await open();
    const rename = (name: string, version: string) =>
      api(`PUT /api/stores/${store.id}/name`, { name }, { "if-match": version });
    expect((await rename("Second", '"1"')).status).toBe(200);
    expect(await rename("Third", '"1"')).toMatchObject({ status: 412, body: problem("stale-version") });
    expect((await rename("Second", '"1"')).status).toBe(412);
    expect((await rename("Third", "*")).status).toBe(200);
    expect(
      (await api(`PUT /api/stores/${unknownId}/name`, { name: "x" }, { "if-match": '"1"' })).status,
    ).toBe(404);
  });

  it("keeps every change when many come at once", async () => {
    const store = await open();
    const names = ["a", "b", "c", "d"];
    const answers = await Promise.all(names.map((name) => api(`PUT /api/stores/${store.id}/name`, { name })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(answers.map(({ headers }) => headers.get("etag")))).toEqual(
      new Set(['"2"', '"3"', '"4"', '"5"']),
    );
  });
});

describe("the list of stores", () => {
  it("shows every store once, oldest first, page by page", async () => {
    const opened = [await open("One"), await open("Two"), await open("Three")].map(({ id }) => id);
    const seen: string[] = [];
    for (let path = "/api/stores?limit=2"; ; ) {
      const { body } = await api<List>(`GET ${path as "/"}`);
      expect(body.items.length).toBeLessThanOrEqual(2);
      seen.push(...body.items.map(({ id }) => id));
      if (body.next === null) break;
      path = `/api/stores?limit=2&cursor=${encodeURIComponent(body.next)}`;
    }
    expect(seen.slice(-3)).toEqual(opened);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it("shows those that participate, those that do not, or all", async () => {
    const [joined, other] = [await open(), await open()];
    await api(`PUT /api/stores/${joined.id}/participation`, { participating: true });
    const ids = async (query: string) =>
      (await api<List>(`GET /api/stores?limit=200${query}`)).body.items.map(({ id }) => id);
    const [yes, no, all] = [
      await ids("&participating=true"),
      await ids("&participating=false"),
      await ids(""),
    ];
    expect([yes.includes(joined.id), yes.includes(other.id)]).toEqual([true, false]);
    expect([no.includes(joined.id), no.includes(other.id)]).toEqual([false, true]);
    expect(all).toEqual(expect.arrayContaining([joined.id, other.id]));
  });

  it.each([
    "limit=0",
    "limit=201",
    "limit=x",
    "limit=",
    "cursor=x",
    "cursor=",
    "participating=yes",
    "limit=1&limit=2",
  ])("is refused with %s", async (query) => {
    const answer = await api(`GET /api/stores?${query}`);
    expect(answer).toMatchObject({ status: 422, body: problem("validation-failed") });
  });
});
