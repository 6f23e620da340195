import { type Log, type Registry, type Routes, relayName } from "@tidings/postgres/internal";
import type { Service } from "./define-service.ts";
import { groupsOf } from "./service-plan.ts";

/** What an operator should know of the services of a process and their surroundings, each said once. */
export class Advice {
  readonly #log: Log;
  readonly #said = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Which services are waited for, and which logs are kept for a relay that does not run. */
  give(services: readonly Service[], registry: Registry, routes: Routes, hasBroker: boolean): void {
    for (const service of services) {
      const store = registry.stores.get(service.name);
      for (const source of store ? sourcesOf(service) : []) {
        if (store && !routes(store, source))
          this.#say(
            `${source}`,
            { service: service.name, source },
            "waiting for a service that is not installed yet",
          );
      }
      if (!hasBroker && isRelayed(registry, service.name)) {
        const text = `the outbox is kept for a relay, but there is no broker: set NATS_URL, or remove the subscription ${relayName}`;
        this.#say(`${service.name} ${relayName}`, { service: service.name }, text);
      }
    }
  }

  #say(about: string, fields: object, text: string): void {
    if (this.#said.has(about)) return;
    this.#said.add(about);
    this.#log.info(fields, text);
  }
}

function sourcesOf(service: Service): Set<string> {
  const handlers = groupsOf(service).flatMap((group) => group.handlers);
  return new Set(handlers.flatMap(({ mode, contract }) => (mode === "command" ? [] : [contract.service])));
}

function isRelayed({ subscriptions }: Registry, service: string): boolean {
  return subscriptions.some((entry) => entry.service === service && entry.subscription === relayName);
}
