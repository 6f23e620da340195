import { until } from "@tidings/testing";
import { LiveTickets } from "tidings/internal";
import { describe, expect, it } from "vitest";
import { nowhere, service, startTestGateway, startUpstream } from "./gateway.fixture.ts";
import { openSocket, startLive } from "./live.fixture.ts";

const one = "01981f4a-7c00-7000-8000-000000000001";
const two = "01981f4a-7c00-7000-8000-000000000002";
const order = `orders/${one}`;
const operation = `operations/${two}`;

function gatewayTo(orders: readonly string[], baskets: readonly string[], options = {}) {
  return startTestGateway({
    services: [service("orders", ["orders"]), service("baskets")],
    upstreams: { orders, baskets },
    ...options,
  });
}

async function startBoth(options = {}) {
  const orders = await startLive({ [order]: { status: "new" } });
  const baskets = await startLive({ [operation]: { done: false } });
  return { orders, baskets, gateway: await gatewayTo([orders.url], [baskets.url], options) };
}

describe("the WebSocket of the gateway", () => {
  it("tells of things of several services, each asked for its own alone", async () => {
    const { orders, baskets, gateway } = await startBoth();
    const client = await openSocket(gateway.url);
    client.say({ subscribe: [order, operation.toUpperCase()] });
    await until("both are told", () => client.last(order) && client.last(operation));
    orders.change(order, { status: "approved" });
    baskets.change(operation, { done: true });
    await until("the changes are told", () => client.answers.length === 4);
    expect([client.last(order)?.data, client.last(operation)?.data]).toEqual([
      { status: "approved" },
      { done: true },
    ]);
    expect([orders.said, baskets.said]).toEqual([[{ subscribe: [order] }], [{ subscribe: [operation] }]]);
  });

  it("says of what is not there, or makes no sense, what one process says", async () => {
    const { gateway } = await startBoth();
    const client = await openSocket(gateway.url);
    client.say({ subscribe: [`orders/${two}`, `operations/${one}`, `nothing/${one}`, "rubbish"] });
    await until("all are refused", () => client.answers.length === 4);
    expect(client.types().sort()).toEqual([
      [`nothing/${one}`, "not-found"],
      [`operations/${one}`, "not-found"],
      [`orders/${two}`, "not-found"],
      ["rubbish", "not-found"],
    ]);
    client.say("{");
    await until("it is told", () => client.answers.length === 5);
    expect(client.types().at(-1)).toEqual([undefined, "malformed-json"]);
  });

  it("leaves what its client leaves, and has no connection to a service that it follows nothing of", async () => {
    const { orders, gateway } = await startBoth();
    orders.live.things[`orders/${two}`] = { status: "new" };
    const client = await openSocket(gateway.url);
    client.say({ subscribe: [order, `orders/${two}`] });
    await until("both are told", () => client.answers.length === 2);
    client.say({ unsubscribe: [order] });
    await until("it is left", () => orders.said.length === 2);
    expect(orders.said.at(-1)).toEqual({ unsubscribe: [order], subscribe: [] });
    client.say({ unsubscribe: [`orders/${two}`] });
    await until("the connection is closed", () => orders.sockets.size === 0);
    client.say({ subscribe: [order] });
    await until("it is told again", () => client.answers.length === 3);
  });

  it("goes on at another process when one is gone, and tells the newest state", async () => {
    const { orders, gateway } = await startBoth();
    const client = await openSocket(gateway.url);
    client.say({ subscribe: [order] });
    await until("it is told", () => client.last(order));
    await orders.close();
    await startLive({ [order]: { status: "cancelled" } }, orders.port);
    await until("another state is told", () => client.answers.length > 1);
    expect([client.state.closed, client.answers.map(({ data }) => data)]).toEqual([
      undefined,
      [{ status: "new" }, { status: "cancelled" }],
    ]);
  });

  it("looks for many operations a few at a time, and finds them all", async () => {
    const ids = Array.from(
      { length: 100 },
      (_, count) => `01981f4a-7c00-7000-8000-${String(count).padStart(12, "0")}`,
    );
    const baskets = await startLive(Object.fromEntries(ids.map((id) => [`operations/${id}`, { id }])));
    const gateway = await gatewayTo([baskets.url], [baskets.url]);
    const client = await openSocket(gateway.url);
    client.say({ subscribe: ids.map((id) => `operations/${id}`) });
    await until("all are told", () => client.answers.length === 100);
    expect(client.answers.map(({ data }) => data)).toEqual(expect.arrayContaining(ids.map((id) => ({ id }))));
    expect(baskets.sockets.size).toBe(1);
  });

  it("says that it cannot tell, when a service is gone for long", async () => {
    const { orders, gateway } = await startBoth({ limits: { liveMs: 300, budgetMs: 200 } });
    const client = await openSocket(gateway.url);
    client.say({ subscribe: [order] });
    await until("it is told", () => client.last(order));
    await orders.close();
    await until("it is given up", () => client.last(order)?.error);
    client.say({ subscribe: [`operations/${one}`] });
    await until("that is given up", () => client.last(`operations/${one}`)?.error);
    expect(client.types().slice(1)).toEqual([
      [order, "temporarily-unavailable"],
      [`operations/${one}`, "temporarily-unavailable"],
    ]);
  });

  it("tells its clients to come back when it closes", async () => {
    const { gateway } = await startBoth();
    const client = await openSocket(gateway.url);
    await gateway.close();
    await until("it is closed", () => client.state.closed);
    expect(client.state.closed).toBe(1001);
  });
});

describe("who connects", () => {
  it("is let in as a service says", async () => {
    const { orders, baskets, gateway } = await startBoth();
    for (const upstream of [orders, baskets]) upstream.live.refuses = 401;
    expect((await openSocket(gateway.url)).state.refused).toBe(401);
    expect((await openSocket(gateway.url)).state.opened).toBe(false);
  });

  it("is told to come back while no service can say it", async () => {
    const gateway = await gatewayTo([await nowhere()], [await nowhere()], { limits: { budgetMs: 100 } });
    expect((await openSocket(gateway.url)).state.refused).toBe(503);
  });

  it("is not let in when there are too many", async () => {
    const orders = await startLive({});
    const gateway = await gatewayTo([orders.url], [orders.url], { limits: { long: 1 } });
    const first = await openSocket(gateway.url);
    expect((await openSocket(gateway.url)).state.refused).toBe(503);
    await until("the first one has gone", async () => {
      first.say("{");
      for (let count = 0; count < 5; count++) first.say("{");
      return first.state.closed;
    });
    await until("there is room again", async () => (await openSocket(gateway.url)).state.opened);
  });

  it("is said to each service as the client has said it", async () => {
    const { orders, gateway } = await startBoth();
    const headers = { authorization: "Bearer abc" };
    const client = await openSocket(gateway.url, { headers, query: "?ticket=t.s" });
    client.say({ subscribe: [order] });
    await until("it is told", () => client.last(order));
    expect(orders.opened).toEqual([{ url: "/api/live?ticket=t.s", authorization: "Bearer abc" }]);
  });

  it("is said by a new ticket, where the gateway has the key, however old the client's is", async () => {
    const clock = { now: () => new Date(Date.now()) };
    const ticketKey = Buffer.alloc(32, 7);
    const tickets = new LiveTickets(ticketKey, clock);
    const { orders, gateway } = await startBoth({ ticketKey });
    const { ticket } = tickets.issue({ actor: "mina" });
    const client = await openSocket(gateway.url, { query: `?ticket=${ticket}` });
    await until("another ticket is another one", () => tickets.issue({ actor: "mina" }).ticket !== ticket);
    client.say({ subscribe: [order] });
    await until("it is told", () => client.last(order));
    const [{ url = "" } = {}] = orders.opened;
    const sent = new URL(url, gateway.url).searchParams.get("ticket");
    expect(sent).not.toBe(ticket);
    expect(tickets.identityOf(sent)).toEqual({ actor: "mina" });
  });

  it("with a token is said by a ticket for it, where the gateway has the key", async () => {
    const ticketKey = Buffer.alloc(32, 7);
    const tickets = new LiveTickets(ticketKey, { now: () => new Date() });
    const issuing = await startUpstream((app) => {
      app.get("/api/live", (_, reply) => reply.code(400).send({}));
      app.post("/api/live/tickets", ({ headers }, reply) =>
        reply.code(201).send(tickets.issue(headers.authorization)),
      );
    });
    const orders = await startLive({ [order]: { status: "new" } });
    const gateway = await startTestGateway({
      services: [service("orders", ["orders"]), service("tickets")],
      upstreams: { orders: [orders.url], tickets: [issuing.url] },
      ticketKey,
    });
    orders.state.isReady = false;
    await until("the other one is asked first", async () => {
      const ready = await fetch(`${gateway.url}/readyz`);
      return ready.status === 503;
    });
    const client = await openSocket(gateway.url, { headers: { authorization: "Bearer abc" } });
    client.say({ subscribe: [order] });
    await until("it is told", () => client.last(order));
    const [opened] = orders.opened;
    const sent = new URL(opened?.url ?? "", gateway.url).searchParams.get("ticket");
    expect([tickets.identityOf(sent), opened?.authorization]).toEqual(["Bearer abc", undefined]);
  });

  it("is to come back with new credentials, when those that it came with are no use any more", async () => {
    const { orders, gateway } = await startBoth();
    const client = await openSocket(gateway.url);
    orders.live.refuses = 401;
    client.say({ subscribe: [order] });
    await until("it is closed", () => client.state.closed);
    expect(client.state.closed).toBe(1001);
  });
});
