// A program for the tests: starts PostgreSQL, tells the parent its address or why not, and holds it until it is killed.
import { startEmbeddedPostgres } from "../embedded-postgres.ts";

const [directory = ""] = process.argv.slice(2);
process.on("message", () => process.exit());
try {
  const { url } = await startEmbeddedPostgres({ directory });
  process.send?.({ url });
} catch (error) {
  process.send?.({ error: String(error) });
}
