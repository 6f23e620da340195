import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { money } from "@mall/common/money";
import { afterEach, expect, it } from "vitest";
import { ProcessorUnavailable } from "./card-processor.ts";
import { httpCardProcessor } from "./card-processor-http.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A processor that gives these answers, one after the other. */
async function answering(...statuses: number[]) {
  const seen: string[] = [];
  server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers["idempotency-key"]}`);
    response.writeHead(statuses.shift() ?? 200, { "content-type": "application/json" });
    response.end('{"status":"declined","reason":"card-declined"}');
  });
  const listening = server;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const { port } = listening.address() as AddressInfo;
  return { seen, processor: httpCardProcessor(() => `http://127.0.0.1:${port}`) };
}

const hold = { reference: "r", amount: money(5), cardToken: "tok_ok" };
const capture = { reference: "r", amount: money(5), key: "c" };

it("A 5xx is asked again once, under the same key.", async () => {
  const { seen, processor } = await answering(502);
  expect(await processor.hold(hold)).toEqual({ outcome: "declined", reason: "card-declined" });
  expect(seen).toEqual(Array(2).fill("POST /processor/holds hold-r"));
});

it("A second 5xx means that the processor is unavailable.", async () => {
  const { seen, processor } = await answering(500, 503);
  await expect(processor.release({ reference: "r", key: "k" })).rejects.toThrow(ProcessorUnavailable);
  expect(seen).toEqual(Array(2).fill("POST /processor/releases k"));
});

it("A refusal is a fault, and is not asked again.", async () => {
  const { seen, processor } = await answering(409);
  const refused = processor.capture(capture);
  await expect(refused).rejects.toThrow("refused a call with 409");
  await expect(refused).rejects.not.toThrow(ProcessorUnavailable);
  expect(seen).toEqual(["POST /processor/captures c"]);
});

it("An address where nobody listens means that the processor is unavailable.", async () => {
  const { processor } = await answering();
  server?.close();
  await expect(processor.capture(capture)).rejects.toThrow(ProcessorUnavailable);
});

it("A call that is given up is not asked again.", async () => {
  const { seen, processor } = await answering();
  await expect(processor.capture({ ...capture, signal: AbortSignal.abort() })).rejects.toThrow(
    ProcessorUnavailable,
  );
  expect(seen).toEqual([]);
});
