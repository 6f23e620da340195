import type { Call } from "./exchange.ts";

/** A plain question for an operation, without what would make the answer wait. */
export function lookUp({ headers, ...call }: Call, signal: AbortSignal): Call {
  const { prefer: _prefer, "last-event-id": _seen, ...kept } = headers;
  const signals = call.signal ? [signal, call.signal] : [signal];
  return {
    ...call,
    method: "GET",
    headers: { ...kept, accept: "application/json" },
    signal: AbortSignal.any(signals),
  };
}
