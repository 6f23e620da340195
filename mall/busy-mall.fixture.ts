import { httpClient } from "@mall/common/http-client";
import { startTestHost } from "@tidings/testing";
import { type Bots, type BotsOptions, startBots } from "./bots.ts";
import { createMall } from "./mall.ts";

/**
 * The Mall in demo mode on a database of its own, for crowds; its bots begin when they are told. It takes few
 * connections, so that another test file finds some on the same server.
 */
export async function startBusyMall() {
  const { services, application } = createMall({ access: { demo: true } });
  const connections = { requests: 3, batches: 2 };
  const host = await startTestHost(services, { ...application, connections });
  let crew: Bots | undefined;
  return {
    url: host.url,
    databaseUrl: host.database.url,
    startBots: (bots: BotsOptions) => {
      crew = startBots(httpClient(host.url), bots);
    },
    pool: host.application.host.runtime("ordering").pool,
    close: async () => {
      await crew?.stop();
      await host.close();
    },
  };
}
