import { createTestDatabase, describeTransport } from "@tidings/testing";

/** Services that share one database. */
describeTransport("postgres", {
  program: new URL("./postgres.program.fixture.ts", import.meta.url),
  async open() {
    const database = await createTestDatabase();
    return {
      hostOf: () => ({ databaseUrl: database.url }),
      environmentOf: () => ({ TRANSPORT_DATABASE_URL: database.url }),
      close: () => database.drop(),
    };
  },
});
