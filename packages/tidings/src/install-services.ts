import { migrateService } from "@tidings/postgres";
import { connect } from "./connect.ts";
import type { Service } from "./define-service.ts";
import { migrationPlanOf } from "./service-plan.ts";

/**
 * Installs services in a database or brings them up to date, and ends: for a job that runs before the services are
 * deployed. Each is done in one transaction. Safe to repeat, and in several processes at once.
 *
 * @throws TidingsError when the database cannot be reached, or a migration does not fit
 */
export async function installServices(services: readonly Service[], databaseUrl: string): Promise<void> {
  const client = await connect(databaseUrl, "tidings install");
  try {
    for (const service of services) await migrateService(client, await migrationPlanOf(service));
  } finally {
    await client.end();
  }
}
