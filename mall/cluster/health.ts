import { get } from "node:http";

/** Who takes longer to answer says nothing. */
export const healthTimeoutMs = 2_000;

/** What a process says of itself: ready, alive but not ready, or nothing at all within 2 s. */
export type Health = "ready" | "unready" | "silent";

/** Asks a process how it is, on a connection of its own that does not outlive the answer. */
export function askHealth(url: string, ending: AbortSignal): Promise<Health> {
  const signal = AbortSignal.any([ending, AbortSignal.timeout(healthTimeoutMs)]);
  return new Promise((done) => {
    const request = get(url, { agent: false, signal }, (response) => {
      response
        .once("error", () => done("silent"))
        .once("end", () => {
          done(response.statusCode === 200 ? "ready" : "unready");
        });
      response.resume();
    });
    request.once("error", () => done("silent"));
  });
}
