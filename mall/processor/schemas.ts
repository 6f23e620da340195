import { Money, money } from "@mall/common/money";
import { Code } from "@mall/common/text";
import { z } from "zod";

const reference = "01981f4a-7c00-7000-8000-000000000012";
const amount = money(2598);

/** Body of `POST /processor/holds`. */
export const Hold = z
  .object({ reference: Code, amount: Money, token: Code })
  .meta({ id: "ProcessorHold", examples: [{ reference, amount, token: "tok_ok" }] });

/** Answer to a hold. */
export const HoldAnswer = z
  .object({ reference: Code, status: z.enum(["held", "declined"]), reason: Code.optional() })
  .meta({ id: "ProcessorHoldAnswer", examples: [{ reference, status: "held" }] });
export type HoldAnswer = z.infer<typeof HoldAnswer>;

/** Answer to a hold that went wrong at the processor. */
export const Trouble = z
  .object({ error: z.string() })
  .meta({ id: "ProcessorTrouble", examples: [{ error: "Try again." }] });

/** Body of `POST /processor/captures`. */
export const Capture = z
  .object({ reference: Code, amount: Money })
  .meta({ id: "ProcessorCapture", examples: [{ reference, amount }] });

/** Body of `POST /processor/releases`. */
export const Release = z
  .object({ reference: Code })
  .meta({ id: "ProcessorRelease", examples: [{ reference }] });

const Entry = z.object({ reference: Code, amount: Money });

/** Answer of `GET /processor/ledger`. */
export const LedgerAnswer = z
  .object({
    holds: z.array(Entry.extend({ status: z.string(), requests: z.int() })),
    captures: z.array(Entry),
    releases: z.array(Entry),
  })
  .meta({
    id: "ProcessorLedger",
    examples: [{ holds: [{ reference, amount, status: "held", requests: 1 }], captures: [], releases: [] }],
  });
export type LedgerAnswer = z.infer<typeof LedgerAnswer>;
