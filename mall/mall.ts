import { randomUUID } from "node:crypto";
import { baskets } from "@mall/baskets/service";
import { checkout } from "@mall/checkout/service";
import { customers } from "@mall/customers/service";
import { depot } from "@mall/depot/service";
import { type NotificationsOptions, notifications } from "@mall/notifications/service";
import { ordering } from "@mall/ordering/service";
import { httpCardProcessor, type PaymentsOptions, payments } from "@mall/payments/service";
import { processor } from "@mall/processor/service";
import { search } from "@mall/search/service";
import { stores } from "@mall/stores/service";
import type { ApplicationOptions, Service } from "tidings";
import { type AccessSettings, accessControl, identify, maySeeOwner } from "./access-control.ts";
import { apiDocs } from "./api-docs.ts";
import { welcome } from "./welcome.ts";

/** What a mall may differ in. */
export interface MallOptions extends NotificationsOptions {
  readonly access: AccessSettings;
  /** How long a hold on a card lasts that no order confirms: 30 minutes. */
  readonly holdExpiresMs?: PaymentsOptions["holdExpiresMs"] | undefined;
  /** Where the card processor is; the simulated one, at the mall's own address, when left out. */
  readonly processorUrl?: string | undefined;
  /** By what the simulated card processor knows the Mall, where the two are processes of their own. */
  readonly processorKey?: string | undefined;
}

/** The Mall: its services, and what it adds to them as a whole. */
export interface Mall {
  readonly services: readonly Service[];
  readonly application: Pick<ApplicationOptions, "http" | "maySee" | "identify" | "connections">;
}

/** Of each service. Together they stay below the hundred that a PostgreSQL has unless it is told otherwise. */
const connections = { requests: 5, batches: 4 };

/**
 * Puts the Mall together. Unless there is another card processor, the simulated one is part of it; outside demo mode it
 * answers to the Mall alone, and does not show its ledger.
 */
export function createMall({
  access,
  processorUrl,
  holdExpiresMs,
  mail,
  log,
  ...options
}: MallOptions): Mall {
  let ownUrl = "";
  const ownKey = processorUrl === undefined && !access.demo ? randomUUID() : undefined;
  const processorKey = options.processorKey ?? ownKey;
  const cards = httpCardProcessor(() => processorUrl ?? ownUrl, processorKey);
  const holds = holdExpiresMs === undefined ? {} : { holdExpiresMs };
  const nine = [
    stores,
    customers,
    baskets,
    ordering,
    payments({ processor: cards, ...holds }),
    depot,
    checkout,
    notifications({ mail, log }),
    search,
  ];
  const http: ApplicationOptions["http"] = async (app) => {
    app.addHook("onListen", async () => {
      ownUrl = app.listeningOrigin;
    });
    await httpFor(access)(app);
  };
  const simulated = processor({ key: processorKey, showsLedger: access.demo });
  const services = processorUrl === undefined ? [...nine, simulated] : nine;
  return { services, application: { http, maySee: maySeeOwner, identify, connections } };
}

/** What the Mall as a whole adds to the routes of its services: who is let in, the reference of the API, and where to look. */
export function httpFor(access: AccessSettings): NonNullable<ApplicationOptions["http"]> {
  return async (app) => {
    accessControl(app, access);
    await apiDocs(app);
    app.get("/", { config: { access: "public" } }, async () => welcome);
  };
}
