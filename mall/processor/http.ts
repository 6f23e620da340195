import { createHash, timingSafeEqual } from "node:crypto";
import { Problem, refuse, type ServiceHttp, type ServiceRequest } from "tidings";
import { type HoldEntry, readLedger, recordCapture, recordHold, recordRelease } from "./ledger.ts";
import { Capture, Hold, HoldAnswer, LedgerAnswer, Release, Trouble } from "./schemas.ts";
import { silence } from "./silence.ts";
import { cardOf } from "./test-cards.ts";

export interface ProcessorOptions {
  /** What a caller sends as `Processor-Key`. Everybody may call it when left out. */
  readonly key?: string | undefined;
  /** Whether `GET /processor/ledger` shows everybody what it saw: true. */
  readonly showsLedger?: boolean;
}

const config = { access: "public" } as const;
const tags = ["processor"];

/**
 * The routes of the card processor. Each request is written down before it is answered, if it is. A hold happens once
 * for a reference, a capture and a release once for an `Idempotency-Key`, which may be left out.
 */
export function http({ key, showsLedger = true }: ProcessorOptions) {
  return (app: ServiceHttp): void => {
    if (key !== undefined) app.addHook("onRequest", async (request) => assertKey(request, key));
    routes(app);
    if (showsLedger) ledgerRoute(app);
  };
}

function assertKey({ headers }: ServiceRequest, key: string): void {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const given = headers["processor-key"];
  if (typeof given !== "string" || !timingSafeEqual(digest(given), digest(key)))
    throw new Problem("unauthorized");
}

function ledgerRoute(app: ServiceHttp): void {
  app.get(
    "/processor/ledger",
    { config, schema: { summary: "Shows what the processor saw.", tags, response: { 200: LedgerAnswer } } },
    (request) => readLedger(request.sql.bind(request)),
  );
}

function routes(app: ServiceHttp): void {
  const keepSilent = silence(app);

  app.post(
    "/processor/holds",
    {
      config,
      schema: {
        summary: "Holds an amount on a card.",
        tags,
        body: Hold,
        response: { 200: HoldAnswer, 500: Trouble },
      },
    },
    async (request, reply) => {
      const { reference } = request.body;
      const card = cardOf(request.body.token);
      const entry = await recordHold(request.sql.bind(request), request.body, card);
      if (card.silent) {
        reply.hijack();
        keepSilent(reply.raw);
        return reply;
      }
      if (entry.status === "failed") return reply.code(500).send({ error: "Try again." });
      return answerOf(reference, entry);
    },
  );

  app.post(
    "/processor/captures",
    {
      config,
      schema: { summary: "Takes what a card holds.", tags, body: Capture },
    },
    async (request) => {
      const { body, idempotencyKey = `capture-${body.reference}` } = request;
      const isCaptured = await recordCapture(request.sql.bind(request), idempotencyKey, body);
      return isCaptured ? body : refuse("nothing-held", "So much is not held under this reference.");
    },
  );

  app.post(
    "/processor/releases",
    {
      config,
      schema: { summary: "Gives back what a card holds.", tags, body: Release },
    },
    async (request) => {
      const { body, idempotencyKey = `release-${body.reference}` } = request;
      const isReleased = await recordRelease(request.sql.bind(request), idempotencyKey, body.reference);
      return isReleased ? body : refuse("already-captured", "The amount has been taken already.");
    },
  );
}

/** What was given back, or given up before it arrived, is not held any more. */
function answerOf(reference: string, { status, reason }: HoldEntry): HoldAnswer {
  if (status === "held" || status === "captured") return { reference, status: "held" };
  return { reference, status: "declined", reason: reason ?? "hold-released" };
}
