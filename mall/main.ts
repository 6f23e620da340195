import { baskets } from "@mall/baskets/service";
import { customers } from "@mall/customers/service";
import { notifications } from "@mall/notifications/service";
import { ordering } from "@mall/ordering/service";
import { stores } from "@mall/stores/service";
import type { FastifyBaseLogger } from "fastify";
import { pino } from "pino";
import { run } from "tidings";
import { prepareDemo } from "./demo.ts";
import { readSettings } from "./settings.ts";
import { welcome } from "./welcome.ts";

const settings = readSettings(process.env);

const mall = await run([stores, customers, baskets, ordering, notifications], {
  directory: settings.directory,
  directoryHint: "set MALL_DATA to another directory",
  log: pino({ level: settings.logLevel }) as FastifyBaseLogger,
  http: (app) => {
    app.addHook("onRequest", async (request) => {
      request.actor = "operator";
    });
    app.get("/", async () => welcome);
  },
});

const demo = await prepareDemo(mall);
console.log(`
The Mall is open.

  API      ${mall.url}/api/stores   /api/products/{id}   /api/customers/{id}   /api/baskets/{id}   /api/orders/{id}
  health   ${mall.url}/readyz

Place an order (the operation that it answers says how far it is):

  ${demo.checkout}

Ctrl-C closes the Mall; its data stays in ${settings.directory}.`);
