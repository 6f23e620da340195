import { once } from "node:events";
import { createServer } from "node:http";
import { httpClient } from "@mall/common/http-client";
import type { Logger } from "pino";
import { asBots } from "./bot-token.ts";
import { startBots } from "./bots.ts";
import type { ServeSettings } from "./serve-settings.ts";

/** Ctrl-C reaches a program twice, from the terminal and from the program that started it: that is one signal. */
const sameSignalMs = 500;

/**
 * Runs the bots as a process, until a signal or the end of the parent process ends it: then each finishes the request
 * that it is at. It answers `/livez` and `/readyz` while it is there; a Mall that does not answer is no fault of the bots.
 */
export async function serveBots(settings: ServeSettings, log: Logger): Promise<void> {
  const { mallUrl, bots: count, botDelayMs, access, host, port } = settings;
  const health = createServer((request, response) => {
    const isKnown = /^\/(livez|readyz|startupz)(\?|$)/.test(request.url ?? "");
    response.writeHead(isKnown ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify({ status: isKnown ? "ok" : "not-found" }));
  });
  health.listen(port, host);
  try {
    await once(health, "listening");
  } catch (error) {
    console.error(`The address ${host}:${port} cannot be used: ${(error as Error).message}.`);
    process.exit(1);
  }
  const bots = startBots(asBots(httpClient(mallUrl), access.tokens), {
    count,
    walkMs: [botDelayMs / 4, botDelayMs],
    onFailure: (error) => log.warn({ err: error }, "a bot failed; it tries again"),
  });
  endOnSignal(async () => {
    await bots.stop();
    health.closeAllConnections();
    health.close();
  });
  console.log(`${count} bots are at work at ${mallUrl}.`);
}

function endOnSignal(stop: () => Promise<void>): void {
  let endingSince: number | undefined;
  const end = async () => {
    if (endingSince !== undefined) return;
    endingSince = performance.now();
    await stop();
    process.exit(0);
  };
  const onSignal = (signalNumber: number) => () => {
    if (endingSince !== undefined && performance.now() - endingSince > sameSignalMs)
      process.exit(128 + signalNumber);
    void end();
  };
  process.on("SIGINT", onSignal(2)).on("SIGTERM", onSignal(15));
  if (process.connected) process.on("disconnect", () => void end());
}
