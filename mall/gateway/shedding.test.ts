import { until } from "@tidings/testing";
import { describe, expect, it } from "vitest";
import { comeBackLater, gatewayTo, startUpstream, turnedAway } from "./gateway.fixture.ts";
import { Limiter } from "./limiter.ts";

const json = { "content-type": "application/json" };

/** A service whose answers wait until the test lets them go. */
async function startWaiting() {
  const waiting: (() => void)[] = [];
  const answer = () => new Promise<object>((resolve) => waiting.push(() => resolve({})));
  const upstream = await startUpstream((app) => {
    app.get("/api/things", answer);
    app.post("/api/things", answer);
  });
  const letGo = () => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  return { ...upstream, waiting, letGo };
}

describe("a limiter", () => {
  it("lets in as many as it may, the next ones in order, and nobody beyond", async () => {
    const limiter = new Limiter({ inside: 1, queued: 2, waitMs: 5_000 });
    const leave = await limiter.enter();
    const order: string[] = [];
    const second = limiter.enter().then((next) => {
      order.push("second");
      next();
    });
    const third = limiter.enter().then(() => order.push("third"));
    await expect(limiter.enter()).rejects.toMatchObject({ slug: "temporarily-unavailable" });
    leave();
    leave();
    await Promise.all([second, third]);
    expect(order).toEqual(["second", "third"]);
    await expect(new Limiter({ inside: 0 }).enter()).rejects.toMatchObject({
      headers: { "retry-after": "1" },
    });
  });

  it("turns away who has waited too long, and forgets it", async () => {
    const limiter = new Limiter({ inside: 1, queued: 1, waitMs: 20 });
    const leave = await limiter.enter();
    await expect(limiter.enter()).rejects.toMatchObject({ slug: "temporarily-unavailable" });
    leave();
    expect(await limiter.enter()).toBeTypeOf("function");
  });
});

describe("a service that is asked for more than it can do", () => {
  it("gets what it can, a few wait, and the others are told at once to come back", async () => {
    const busy = await startWaiting();
    const gateway = await gatewayTo([busy.url], { inFlight: 2, queued: 1, queueMs: 20_000 });
    const url = `${gateway.url}/api/things`;
    const served = [fetch(url), fetch(url)];
    await until("two are asked", () => busy.waiting.length === 2);
    const queued = fetch(url);
    const others = await until("one waits", async () => {
      const answers = await Promise.all([fetch(url), fetch(url)]);
      return answers.every(({ status }) => status === 503) && answers;
    });
    for (const other of others) expect(await turnedAway(other)).toEqual(comeBackLater);
    expect(busy.requests.length).toBe(2);
    busy.letGo();
    await until("the one that waits is asked", () => busy.waiting.length);
    busy.letGo();
    const answers = await Promise.all([...served, queued]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);
  });

  it("does not count who has asked to wait, of whom there may be more", async () => {
    const busy = await startWaiting();
    const gateway = await gatewayTo([busy.url], { inFlight: 1, queued: 0, long: 2 });
    const url = `${gateway.url}/api/things`;
    const wait = () => fetch(url, { method: "POST", headers: { ...json, prefer: "wait=20" }, body: "{}" });
    const waiting = [wait(), wait()];
    await until("two wait", () => busy.waiting.length === 2);
    expect(await turnedAway(await wait())).toEqual(comeBackLater);
    const short = fetch(url, { headers: { prefer: "wait=20" } });
    await until("a short one is asked", () => busy.waiting.length === 3);
    expect((await fetch(url)).status).toBe(503);
    busy.letGo();
    const answers = await Promise.all([...waiting, short]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    await until("the places are free again", async () => {
      const next = wait();
      await until("it is asked or refused", () => busy.waiting.length);
      busy.letGo();
      return (await next).status === 200;
    });
  });

  it("is not sent bodies of more bytes than may be held, and forgets those that it has held", async () => {
    const busy = await startWaiting();
    const gateway = await gatewayTo([busy.url], { bodyBytes: 1_000 });
    const send = (size: number) =>
      fetch(`${gateway.url}/api/things`, { method: "POST", headers: json, body: `"${"x".repeat(size)}"` });
    const first = send(700);
    await until("the first is asked", () => busy.waiting.length);
    expect(await turnedAway(await send(700))).toEqual(comeBackLater);
    busy.letGo();
    expect((await first).status).toBe(200);
    const next = send(700);
    await until("another is asked", () => busy.waiting.length);
    busy.letGo();
    expect((await next).status).toBe(200);
  });

  it("carries a write's consistency token on when it is turned away", async () => {
    const gateway = await gatewayTo([(await startWaiting()).url], { inFlight: 0, queued: 0 });
    const token = Buffer.from('{"things":"0.1z"}').toString("base64url");
    const send = (value: string) =>
      fetch(`${gateway.url}/api/things`, {
        method: "POST",
        headers: { ...json, "consistency-token": value },
        body: "{}",
      });
    expect((await send(token)).headers.get("consistency-token")).toBe(token);
    expect((await send("rubbish")).headers.get("consistency-token")).toBe("e30");
  });
});
