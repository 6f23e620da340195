import { defineConfig } from "vitest/config";

/** Packages of the workspace resolve to their sources: in tests (`ssr`) and in the global setup (`__vitest__`). */
const source = { resolve: { conditions: ["source", "node"], externalConditions: ["source"] } };
const shared = { ssr: source, environments: { __vitest__: source } };
const ignored = ["**/node_modules/**", "**/dist/**", "tools/architecture-fixtures/**"];
const database = ["**/*.postgres.test.ts", "**/*.system.test.ts"];

/** Pure tests need nothing; database tests share one PostgreSQL, each file with a database of its own. */
export default defineConfig({
  ...shared,
  test: {
    pool: "forks",
    maxWorkers: 2,
    execArgv: ["--conditions=source"],
    passWithNoTests: true,
    projects: [
      { ...shared, test: { name: "unit", include: ["**/*.test.ts"], exclude: [...ignored, ...database] } },
      {
        ...shared,
        test: {
          name: "database",
          include: database,
          exclude: ignored,
          globalSetup: "packages/testing/src/global-setup.ts",
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
