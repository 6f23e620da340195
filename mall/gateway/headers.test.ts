import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { describe, expect, it } from "vitest";
import { gatewayTo, service, startTestGateway, startUpstream } from "./gateway.fixture.ts";

/** A service that answers with the headers that it was sent. */
function startTelling() {
  return startUpstream((app) => {
    app.get("/api/things", async ({ headers }) => headers);
    app.post("/api/things", async ({ headers, body }) => ({ ...headers, body }));
  });
}

/** `fetch` does not let a program say what it likes. */
function send(url: string, headers: Readonly<Record<string, string>>) {
  return new Promise<Record<string, string>>((resolve, reject) => {
    const sent = httpRequest(url, { headers }, async (answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk);
      resolve(JSON.parse(Buffer.concat(chunks).toString()));
    });
    sent.on("error", reject).end();
  });
}

describe("a request", () => {
  it("reaches its service with every header that concerns it", async () => {
    const gateway = await gatewayTo([(await startTelling()).url]);
    const headers = {
      accept: "application/json",
      "accept-language": "eo",
      authorization: "Bearer x.y.z",
      "consistency-token": "e30",
      "idempotency-key": '"k"',
      "if-match": '"7"',
      "if-none-match": '"8"',
      "last-event-id": "3",
      origin: "http://localhost:8080",
      prefer: "wait=1",
      traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      tracestate: "a=b",
      "user-agent": "a test",
    };
    const { host } = new URL(gateway.url);
    expect(await send(`${gateway.url}/api/things?a=%2F&b`, headers)).toEqual({
      ...headers,
      host,
      connection: "keep-alive",
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-host": host,
      "x-forwarded-proto": "http",
    });
  });

  it("reaches it with the client's own host, and without what concerns one connection alone", async () => {
    const gateway = await gatewayTo([(await startTelling()).url]);
    const told = await send(`${gateway.url}/api/things`, {
      host: "mall.example",
      connection: "keep-alive, x-mine, authorization",
      authorization: "Bearer x",
      "x-mine": "1",
      te: "trailers",
      "proxy-authorization": "Basic x",
      "keep-alive": "timeout=5",
      upgrade: "h2c",
    });
    expect(told).toEqual({
      host: "mall.example",
      connection: "keep-alive",
      authorization: "Bearer x",
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-host": "mall.example",
      "x-forwarded-proto": "http",
    });
  });

  it("is believed what it says of where it came from by those that trust the proxy before", async () => {
    const { url } = await startTelling();
    const claims = {
      host: "mall.example",
      "x-forwarded-for": "203.0.113.9",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "shop.example",
      "x-forwarded-port": "443",
      forwarded: "for=203.0.113.9",
      "x-real-ip": "203.0.113.9",
    };
    const doubting = await gatewayTo([url]);
    expect(await send(`${doubting.url}/api/things`, claims)).toEqual({
      host: "mall.example",
      connection: "keep-alive",
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "mall.example",
    });
    const trusting = await startTestGateway({
      services: [service("things")],
      upstreams: { things: [url] },
      trustForwarded: true,
    });
    expect(await send(`${trusting.url}/api/things`, claims)).toEqual({
      ...claims,
      connection: "keep-alive",
      "x-forwarded-for": "203.0.113.9, 127.0.0.1",
    });
  });

  it("reaches it with its body and its address as they were sent", async () => {
    const telling = await startTelling();
    const gateway = await gatewayTo([telling.url]);
    const body = '{"text":"Ünïcode € \\u0041","n":1.50}';
    const headers = { "content-type": "application/json; charset=utf-8" };
    const address = "/api/things?q=a%20b+c&q=%C3%A9&empty=";
    const answer = await fetch(gateway.url + address, { method: "POST", headers, body });
    expect(await answer.json()).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "content-length": String(Buffer.byteLength(body)),
      body: JSON.parse(body),
    });
    expect(telling.requests).toEqual([`POST ${address}`]);
  });
});

describe("an answer", () => {
  const headers = {
    allow: "GET",
    "cache-control": "no-store",
    "consistency-token": "e30",
    "content-type": "application/json; charset=utf-8",
    etag: '"3"',
    "idempotent-replayed": "true",
    location: "/api/things/1",
    "preference-applied": "wait=2",
    "retry-after": "1",
    "set-cookie": ["a=1", "b=2"],
    vary: "accept, prefer",
    "www-authenticate": "Bearer",
    "x-anything": "else",
  };

  it.each([200, 201, 202, 401, 409, 429, 500, 503])("of %s is passed on as it is", async (status) => {
    const upstream = await startUpstream((app) => {
      app.get("/api/things", (_, reply) => reply.code(status).headers(headers).send({ a: 1 }));
    });
    const gateway = await gatewayTo([upstream.url]);
    const answered = await headersOf(`${gateway.url}/api/things`);
    expect(answered).toEqual({ status, ...(await headersOf(`${upstream.url}/api/things`)) });
    expect(answered).toMatchObject(headers);
  });

  it.each([204, 304])("of %s has no body", async (status) => {
    const upstream = await startUpstream((app) => {
      app.get("/api/things", (_, reply) => reply.code(status).header("etag", '"3"').send());
    });
    const gateway = await gatewayTo([upstream.url]);
    const answer = await headersOf(`${gateway.url}/api/things`);
    expect(answer).toEqual(await headersOf(`${upstream.url}/api/things`));
    expect(answer).not.toHaveProperty("content-length");
  });

  it("that is large, or of unknown length, arrives whole", async () => {
    const large = { text: "x".repeat(3_000_000) };
    const upstream = await startUpstream((app) => {
      app.get("/api/things", (request, reply) => {
        if (request.headers.accept === "text/chunked") return reply.send(chunks());
        return reply.send(large);
      });
    });
    const gateway = await gatewayTo([upstream.url]);
    const url = `${gateway.url}/api/things`;
    expect(await (await fetch(url)).json()).toEqual(large);
    expect(await (await fetch(url, { headers: { accept: "text/chunked" } })).text()).toBe("onetwo");
  });
});

async function headersOf(url: string): Promise<object> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { agent: false }, (answer) => {
      answer.resume();
      const { date: _date, ...headers }: IncomingHttpHeaders = answer.headers;
      resolve({ status: answer.statusCode, ...headers });
    });
    sent.on("error", reject).end();
  });
}

function chunks(): ReadableStream {
  return new ReadableStream({
    start(controller) {
      for (const text of ["one", "two"]) controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });
}
