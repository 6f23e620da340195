import { type Application, type ApplicationOptions, type Service, startApplication } from "tidings";
import { createTestDatabase, type TestDatabase } from "./database.ts";

/** Services at work behind a free port, on a database of their own. */
export interface TestHost {
  readonly url: string;
  readonly application: Application;
  readonly database: TestDatabase;
  /** `fetch` on a path of the application. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Stops the services and drops the database. */
  close(): Promise<void>;
}

/** Starts services for a test, as a program would, but silent. */
export async function startTestHost(
  services: readonly Service[],
  options: ApplicationOptions = {},
): Promise<TestHost> {
  const database = await createTestDatabase();
  const application = await startApplication(services, {
    databaseUrl: database.url,
    port: 0,
    log: silent,
    ...options,
  });
  return {
    url: application.url,
    application,
    database,
    fetch: (path, init) => fetch(application.url + path, init),
    close: async () => {
      await application.close();
      await database.drop();
    },
  };
}

const nothing = () => {};
const silent = {
  level: "silent",
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  silent: nothing,
  child: () => silent,
} as unknown as NonNullable<ApplicationOptions["log"]>;
