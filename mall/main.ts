import { httpClient } from "@mall/common/http-client";
import { pino } from "pino";
import { type ApplicationOptions, run } from "tidings";
import { asBots } from "./bot-token.ts";
import { type Bots, startBots } from "./bots.ts";
import { placeAnOrder, prepareDemo, reasonOf } from "./demo.ts";
import { createMall } from "./mall.ts";
import { keptInDatabase } from "./seeded.ts";
import { readSettings } from "./settings.ts";

const settings = readSettings(process.env);

const log = pino({ level: settings.logLevel });
const { services, application } = createMall({ ...settings, log });

let bots: Bots | undefined;

const mall = await run(services, {
  databaseUrl: settings.databaseUrl,
  ticketKey: settings.ticketKey,
  directory: settings.directory,
  directoryHint: "set MALL_DATA to another directory",
  log: log as NonNullable<ApplicationOptions["log"]>,
  ...application,
  http: async (app) => {
    app.addHook("preClose", () => bots?.stop());
    await application.http?.(app);
  },
});

const demo =
  settings.access.demo &&
  (await prepareDemo(mall.url, keptInDatabase(mall.host)).catch(async (error: Error) => {
    const isEnding = !mall.app.server.listening;
    if (!isEnding) console.error(`The Mall cannot be shown: ${reasonOf(error)}.`);
    await mall.close();
    process.exit(isEnding ? 0 : 1);
  }));
if (settings.bots > 0 && mall.app.server.listening) {
  const api = httpClient(mall.app.listeningOrigin);
  const onFailure = (error: unknown) => log.warn({ err: error }, "a bot failed; it tries again");
  const { bots: count, botDelayMs } = settings;
  bots = startBots(asBots(api, settings.access.tokens), {
    count,
    walkMs: [botDelayMs / 4, botDelayMs],
    onFailure,
  });
}
const closed = [
  "Who asks must say so by a bearer token, unless it browses or registers.",
  ...(settings.processorUrl ? [] : ["Cards are simulated, until PROCESSOR_URL names a card processor."]),
].join("\n");

console.log(`
The Mall is open.

  API reference   ${mall.url}/api/docs
  health          ${mall.url}/readyz

${demo ? placeAnOrder(mall.url, demo) : closed}

Ctrl-C closes the Mall; its data stays in ${settings.place}.`);
