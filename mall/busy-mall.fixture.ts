import { httpClient } from "@mall/common/http-client";
import { startTestHost } from "@tidings/testing";
import { type BotsOptions, startBots } from "./bots.ts";
import { createMall } from "./mall.ts";

/**
 * The Mall in demo mode on a database of its own, for crowds, with bots at work. It takes few connections, so that
 * another test file finds some on the same server.
 */
export async function startBusyMall(bots: BotsOptions) {
  const { services, application } = createMall({ access: { demo: true } });
  const connections = { requests: 3, batches: 2 };
  const host = await startTestHost(services, { ...application, connections });
  const crew = startBots(httpClient(host.url), bots);
  return {
    url: host.url,
    pool: host.application.host.runtime("ordering").pool,
    close: async () => {
      await crew.stop();
      await host.close();
    },
  };
}
