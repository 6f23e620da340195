import type { ServerResponse } from "node:http";
import type { ServiceHttp } from "tidings";

const longestMs = 30_000;

/**
 * Keeps requests waiting for an answer that never comes. A connection ends when its client gives up, when the server
 * closes, or after 30 s.
 */
export function silence(app: ServiceHttp): (response: ServerResponse) => void {
  const waiting = new Set<ServerResponse>();
  let isClosing = false;
  app.addHook("preClose", (done) => {
    isClosing = true;
    for (const response of waiting) response.destroy();
    done();
  });
  return (response) => {
    if (isClosing || response.destroyed) {
      response.destroy();
      return;
    }
    const timer = setTimeout(() => response.destroy(), longestMs);
    waiting.add(response);
    response.once("close", () => {
      clearTimeout(timer);
      waiting.delete(response);
    });
  };
}
