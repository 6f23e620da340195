import { pino } from "pino";
import { type ApplicationOptions, run } from "tidings";
import { prepareDemo } from "./demo.ts";
import { http, services } from "./mall.ts";
import { readSettings } from "./settings.ts";

const settings = readSettings(process.env);

const mall = await run(services, {
  directory: settings.directory,
  directoryHint: "set MALL_DATA to another directory",
  log: pino({ level: settings.logLevel }) as NonNullable<ApplicationOptions["log"]>,
  http,
});

const demo = await prepareDemo(mall).catch(async (error: Error) => {
  const isEnding = !mall.app.server.listening;
  if (!isEnding) console.error(`The Mall cannot be shown: ${reasonOf(error)}.`);
  await mall.close();
  process.exit(isEnding ? 0 : 1);
});
console.log(`
The Mall is open.

  API      ${mall.url}/api/stores   /api/products/{id}   /api/customers/{id}   /api/baskets/{id}   /api/orders/{id}
  health   ${mall.url}/readyz

Place an order (the operation that it answers says how far it is):

  ${demo.checkout}

Ctrl-C closes the Mall; its data stays in ${settings.place}.`);

/** `fetch failed` says nothing; what is behind it does. */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
