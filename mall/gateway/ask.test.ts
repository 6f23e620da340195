import { until } from "@tidings/testing";
import { describe, expect, it } from "vitest";
import {
  comeBackLater,
  gatewayTo,
  nowhere,
  startBroken,
  startUpstream,
  turnedAway,
} from "./gateway.fixture.ts";

const things = (url: string, init?: RequestInit) => fetch(`${url}/api/things`, init);
const post = { method: "POST", headers: { "content-type": "application/json" }, body: '{"name":"one"}' };
const keyed = { ...post, headers: { ...post.headers, "idempotency-key": '"k"' } };
const tight = { budgetMs: 400 };

/** A process that takes requests and breaks off before it has answered. */
const startHangingUp = () => startBroken((socket) => socket.destroy());
/** A process that breaks off in the middle of its answer. */
const startHalfAnswering = () =>
  startBroken((socket) => {
    socket.end('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"wrong":');
  });
const startGood = () =>
  startUpstream((app) => {
    app.get("/api/things", async () => ({ items: [] }));
    app.post("/api/things", async (request, reply) => reply.code(201).send(request.body));
  });

/** How often each of several requests in a row is answered: more than there are processes. */
async function statuses(url: string, init?: RequestInit) {
  const answers = [];
  for (let count = 0; count < 4; count++) answers.push((await things(url, init)).status);
  return answers;
}

describe("a process that cannot be reached", () => {
  it("is passed over, for reads and for writes", async () => {
    const gateway = await gatewayTo([await nowhere(), (await startGood()).url]);
    expect(await statuses(gateway.url)).toEqual([200, 200, 200, 200]);
    expect(await statuses(gateway.url, post)).toEqual([201, 201, 201, 201]);
  });

  it("that has the only answer is waited for, as long as the budget lasts", async () => {
    const url = await nowhere();
    const gateway = await gatewayTo([url]);
    const answer = things(gateway.url, post);
    const { requests } = await startUpstream(
      (app) => {
        app.post("/api/things", async () => ({}));
      },
      Number(new URL(url).port),
    );
    expect([(await answer).status, requests]).toEqual([200, ["POST /api/things"]]);
  });

  it("and no other either: the client is told to come back", async () => {
    const gateway = await gatewayTo([await nowhere()], tight);
    for (const init of [{}, post, keyed])
      expect(await turnedAway(await things(gateway.url, init))).toEqual(comeBackLater);
  });
});

describe("a process that breaks off", () => {
  it.each([
    ["before its answer", startHangingUp],
    ["in its answer", startHalfAnswering],
  ])("%s costs a read nothing but time", async (_when, start) => {
    const gateway = await gatewayTo([(await start()).url, (await startGood()).url]);
    expect(await statuses(gateway.url)).toEqual([200, 200, 200, 200]);
    expect(await (await things(gateway.url)).json()).toEqual({ items: [] });
  });

  it.each([
    ["before its answer", startHangingUp],
    ["in its answer", startHalfAnswering],
  ])("%s gets a write once, and the client is told to come back", async (_when, start) => {
    const broken = await start();
    const good = await startGood();
    const gateway = await gatewayTo([broken.url, good.url]);
    const answers = [await things(gateway.url, post), await things(gateway.url, post)];
    const turned = answers.filter(({ status }) => status !== 201);
    expect([turned.length, broken.requests.length]).toEqual([1, 1]);
    expect(good.requests).toEqual(["POST /api/things"]);
    for (const answer of turned) expect(await turnedAway(answer)).toEqual(comeBackLater);
  });

  it("gets a write with an idempotency key no second time where another process has it", async () => {
    const gateway = await gatewayTo([(await startHangingUp()).url, (await startGood()).url]);
    expect(await statuses(gateway.url, keyed)).toEqual([201, 201, 201, 201]);
  });

  it("and still works on a write with a key: its answer is waited for", async () => {
    let asked = 0;
    const still = await startUpstream((app) => {
      app.post("/api/things", async (request, reply) => {
        if (++asked === 1) request.raw.socket.destroy();
        if (asked < 4) return reply.code(409).header("retry-after", "1").send({});
        return reply.code(201).send({});
      });
    });
    const gateway = await gatewayTo([still.url]);
    expect([(await things(gateway.url, keyed)).status, asked]).toEqual([201, 4]);
  });

  it("a conflict that says nothing of an attempt before is the answer", async () => {
    const busy = await startUpstream((app) => {
      app.post("/api/things", (_, reply) => reply.code(409).header("retry-after", "1").send({}));
    });
    const gateway = await gatewayTo([busy.url]);
    expect([(await things(gateway.url, keyed)).status, busy.requests.length]).toEqual([409, 1]);
  });
});

describe("a process that is paused", () => {
  it("is left to others by what waits for it, and by what comes later", async () => {
    const paused = { value: false };
    const stopped = await startUpstream((app) => {
      app.addHook("onRequest", () => (paused.value ? new Promise(() => {}) : Promise.resolve()));
      app.get("/api/things", async () => ({ from: "the one" }));
    });
    const good = await startGood();
    const gateway = await gatewayTo([stopped.url, good.url]);
    paused.value = true;
    const answers = await Promise.all([things(gateway.url), things(gateway.url), things(gateway.url)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const seen = stopped.requests.length;
    expect([seen > 0, await statuses(gateway.url)]).toEqual([true, [200, 200, 200, 200]]);
    expect(stopped.requests.length).toBe(seen);
    paused.value = false;
    await until("it is asked again", async () => {
      await things(gateway.url);
      return stopped.requests.length > seen;
    });
  });

  it("gives up a write that it may have taken, in time", async () => {
    const stopped = await startBroken(() => {});
    const gateway = await gatewayTo([stopped.url], { answerMs: 200 });
    expect(await turnedAway(await things(gateway.url, post))).toEqual(comeBackLater);
    expect(stopped.requests.length).toBe(1);
  });
});

describe("a client that goes away", () => {
  it("ends what is asked for it", async () => {
    let ended = 0;
    const waiting = await startUpstream((app) => {
      app.get("/api/things", (request) => {
        request.raw.socket.once("close", () => ended++);
        return new Promise(() => {});
      });
    });
    const gateway = await gatewayTo([waiting.url]);
    const gone = new AbortController();
    const answer = things(gateway.url, { signal: gone.signal }).catch((error) => (error as Error).name);
    await until("it is asked", () => waiting.requests.length);
    gone.abort();
    expect(await answer).toBe("AbortError");
    await until("the service has noticed", () => ended);
  });
});
