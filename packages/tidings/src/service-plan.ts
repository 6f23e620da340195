import type { CommandContract, Contract, Handler, Saga } from "@tidings/core";
import { commandsOf } from "@tidings/core/internal";
import type { MigrationPlan } from "@tidings/postgres";
import {
  defaultSubscriptionSettings,
  type HandlerGroup,
  type SubscriptionSettings,
  sagaHandlers,
} from "@tidings/postgres/internal";
import type { Service } from "./define-service.ts";
import { readMigrations } from "./migrations.ts";

/** The handler groups of a service: its own, and one for each projection. */
export function groupsOf(service: Service): HandlerGroup[] {
  const own = { name: service.name, handlers: [...service.accepts, ...reactionsOf(service)] };
  const projections = service.projects.map((projection) => ({
    name: `${service.name}/${projection.name}`,
    handlers: projection.handlers,
    projection,
  }));
  return [own, ...projections].filter(({ handlers }) => handlers.length > 0);
}

/** What a service reacts to, by itself and for its sagas. */
function reactionsOf({ reacts, sagas }: Service): Handler[] {
  return [...reacts, ...sagaHandlers(sagas)];
}

/** The commands that a service sends, by itself and for its sagas. */
export function sendsOf({ sends, sagas }: Service): CommandContract[] {
  return [...sends, ...sagas.flatMap((saga: Saga) => commandsOf(saga))];
}

/** The message types that a service may record: its events, its commands, and the replies to what it accepts. */
export function recordsOf(service: Service): Set<string> {
  const replies = service.accepts.map(({ contract }) => (contract as CommandContract).reply);
  return new Set([...service.publishes, ...sendsOf(service), ...replies].map(({ type }) => type));
}

/** How to install a service. */
export async function migrationPlanOf(service: Service): Promise<MigrationPlan> {
  const roles = (
    role: MigrationPlan["contracts"][number]["role"],
    contracts: readonly Pick<Contract, "type">[],
  ) => contracts.map(({ type }) => ({ role, type }));
  const handled = (handlers: readonly Handler[]) => handlers.map(({ contract }) => contract);
  return {
    service: service.name,
    migrations: await readMigrations(service.migrations),
    contracts: [
      ...roles("publishes", service.publishes),
      ...roles("sends", sendsOf(service)),
      ...roles("accepts", handled(service.accepts)),
      ...roles(
        "handles",
        handled([...reactionsOf(service), ...service.projects.flatMap(({ handlers }) => handlers)]),
      ),
    ],
    ...(service.partitions !== undefined && { partitions: service.partitions }),
  };
}

/** The service's settings over the defaults. */
export function settingsOf({ subscription }: Service): SubscriptionSettings {
  return {
    ...defaultSubscriptionSettings,
    ...subscription,
    retry: { ...defaultSubscriptionSettings.retry, ...subscription.retry },
  };
}
