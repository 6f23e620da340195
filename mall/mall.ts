import { baskets } from "@mall/baskets/service";
import { customers } from "@mall/customers/service";
import { notifications } from "@mall/notifications/service";
import { ordering } from "@mall/ordering/service";
import { stores } from "@mall/stores/service";
import type { ApplicationOptions, Service } from "tidings";
import { welcome } from "./welcome.ts";

/** The services of the Mall. */
export const services: readonly Service[] = [stores, customers, baskets, ordering, notifications];

/** What the Mall as a whole adds to their routes: who asks, and where to look. */
export const http: NonNullable<ApplicationOptions["http"]> = (app) => {
  app.addHook("onRequest", async (request) => {
    request.actor = "operator";
  });
  app.get("/", async () => welcome);
};
