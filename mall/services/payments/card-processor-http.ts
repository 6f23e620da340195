import { z } from "zod";
import { type CardProcessor, type HoldOutcome, ProcessorUnavailable } from "./card-processor.ts";

/** A call takes no longer than this, its repeat included. */
const timeoutMs = 5_000;
const pauseMs = 100;

const HoldAnswer = z.discriminatedUnion("status", [
  z.object({ status: z.literal("held") }),
  z.object({ status: z.literal("declined"), reason: z.string() }),
]);

interface Call {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The card processor at an address, over HTTP: `POST /processor/holds`, `captures`, `releases`, each with an
 * `Idempotency-Key`. A call that meets a 5xx or no connection is repeated once; after 5 s it has failed.
 *
 * @param urlOf the processor's origin, asked for at each call: it may be known only once the server listens
 * @param processorKey sent as `Processor-Key`: says to the processor who calls
 */
export function httpCardProcessor(urlOf: () => string, processorKey?: string): CardProcessor {
  const more: Record<string, string> = processorKey === undefined ? {} : { "processor-key": processorKey };
  const post = (what: string, body: object, call: Omit<Call, "headers">) => {
    const headers = { "content-type": "application/json", "idempotency-key": call.key, ...more };
    return postTwice(`${urlOf()}/processor/${what}`, body, { ...call, headers });
  };
  return {
    hold: async ({ reference, amount, cardToken }) => {
      const body = { reference, amount, token: cardToken };
      return toOutcome(await post("holds", body, { key: `hold-${reference}` }));
    },
    capture: async ({ reference, amount, key, signal }) => {
      await post("captures", { reference, amount }, { key, signal });
    },
    release: async ({ reference, key, signal }) => {
      await post("releases", { reference }, { key, signal });
    },
  };
}

function toOutcome(answer: unknown): HoldOutcome {
  const hold = HoldAnswer.parse(answer);
  return hold.status === "held" ? { outcome: "held" } : { outcome: "declined", reason: hold.reason };
}

async function postTwice(url: string, body: object, { headers, signal }: Call): Promise<unknown> {
  const deadline = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]);
  try {
    return await post(url, body, headers, deadline);
  } catch (error) {
    if (!(error instanceof ProcessorUnavailable) || deadline.aborted) throw error;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    return post(url, body, headers, deadline);
  }
}

async function post(
  url: string,
  body: object,
  headers: Call["headers"],
  signal: AbortSignal,
): Promise<unknown> {
  const response = await ask(url, body, headers, signal);
  if (response.status >= 500)
    throw new ProcessorUnavailable(`The card processor answered ${response.status}.`);
  if (!response.ok) throw new Error(`The card processor refused a call with ${response.status}.`);
  return response.answer;
}

async function ask(url: string, body: object, headers: Call["headers"], signal: AbortSignal) {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
      signal,
    });
    return { status: response.status, ok: response.ok, answer: (await response.json()) as unknown };
  } catch (error) {
    throw new ProcessorUnavailable("The card processor did not answer.", { cause: error });
  }
}
