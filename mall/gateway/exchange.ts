import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
} from "node:http";
import type { RequestBody } from "./request-body.ts";
import type { Upstream } from "./upstream.ts";

/** A request as it is sent to an upstream. */
export interface Call {
  readonly method: string;
  /** With the query, as the client sent it. */
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: RequestBody | undefined;
  /** Ends it: nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined;
  /** So long the answer may take. */
  readonly answerMs: number;
}

/** What an upstream answered: whole, so that a client never gets half an answer, unless it is a stream or very large. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer | IncomingMessage;
}

/** An upstream that did not answer. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
  /** Whether the upstream may have got the request. */
  readonly mayHaveArrived: boolean;

  constructor(mayHaveArrived: boolean, cause: unknown) {
    super("An upstream did not answer.", { cause });
    this.mayHaveArrived = mayHaveArrived;
  }
}

/** So long connecting may take: an upstream is near. */
const connectMs = 1_000;
/** Answers up to this size are taken whole. */
const maxWholeBytes = 1024 * 1024;

/** Sends a request to one upstream, once. @throws Unanswered */
export async function exchange(upstream: Upstream, call: Call): Promise<UpstreamAnswer> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new Error("The answer takes too long.")), call.answerMs);
  const sent = send(upstream, call);
  const stop = () => sent.request.destroy(new Error("The answer is not waited for any more."));
  const signals = [limit.signal, ...(call.signal ? [call.signal] : [])];
  for (const signal of signals) signal.addEventListener("abort", stop, { once: true });
  if (call.signal?.aborted) stop();
  try {
    const answer = await whenAnswered(sent.request);
    const body = isTakenWhole(answer) ? await collect(answer) : endWithUpstream(answer, upstream);
    if (call.body && !call.body.content && call.body.length) sent.request.destroy();
    return { status: answer.statusCode ?? 0, headers: answer.headers, body };
  } catch (error) {
    throw new Unanswered(sent.isConnected(), error);
  } finally {
    clearTimeout(timer);
    for (const signal of signals) signal.removeEventListener("abort", stop);
  }
}

interface Sent {
  readonly request: ClientRequest;
  readonly isConnected: () => boolean;
}

/** A body that is too large is announced and not sent: the answer to that does not depend on what is in it. */
function send({ origin, agent }: Upstream, { method, path, headers, body }: Call): Sent {
  const { hostname, port } = new URL(origin);
  const length = body?.length === undefined ? {} : { "content-length": body.length };
  const sent = request({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port || 80,
    agent,
    method,
    path,
    headers: { ...headers, ...length },
    setHost: false,
  });
  let isConnected = false;
  const timer = setTimeout(() => sent.destroy(new Error("Connecting takes too long.")), connectMs);
  const connected = () => {
    isConnected = true;
    clearTimeout(timer);
  };
  sent.once("socket", (socket) => {
    if (socket.connecting) socket.once("connect", connected);
    else connected();
  });
  sent.once("close", () => clearTimeout(timer));
  if (body?.length && !body.content) sent.flushHeaders();
  else sent.end(body?.content);
  return { request: sent, isConnected: () => isConnected };
}

function whenAnswered(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once("response", resolve);
    sent.on("error", reject);
    sent.once("close", () => reject(new Error("The connection was closed.")));
  });
}

function isTakenWhole({ headers }: IncomingMessage): boolean {
  const { "content-length": length, "transfer-encoding": coding } = headers;
  return coding === undefined && Number(length ?? 0) <= maxWholeBytes;
}

/** A stream of an upstream that is lost ends, so that its client comes back to another one. */
function endWithUpstream(answer: IncomingMessage, upstream: Upstream): IncomingMessage {
  answer.once(
    "close",
    upstream.onLost(() => answer.destroy(new Error("The upstream is lost."))),
  );
  return answer;
}

/** @throws Error when it breaks off */
async function collect(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  return Buffer.concat(chunks);
}
