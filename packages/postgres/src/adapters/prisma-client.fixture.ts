import { createRequire } from "node:module";
import { PrismaPg } from "@prisma/adapter-pg";
import { getPrismaClient } from "@prisma/client/runtime/client";

/** What code that `prisma generate` wrote offers of a client, as far as the tests need it. */
export interface PrismaClient extends PrismaTransactionClient {
  $connect(): Promise<void>;
  $disconnect(): Promise<void>;
  $transaction<Result>(work: (tx: PrismaTransactionClient) => Promise<Result>): Promise<Result>;
}

export interface PrismaTransactionClient {
  $executeRawUnsafe(query: string, ...values: unknown[]): Promise<number>;
  $queryRawUnsafe<Result = unknown>(query: string, ...values: unknown[]): Promise<Result>;
}

/**
 * A client of Prisma's own runtime, configured as the generated code of `prisma generate` does it for a schema without
 * models. The generator itself is not installed: with it come 200 MB, and an engine that it downloads.
 */
export function createPrismaClient(connectionString: string): PrismaClient {
  const Client = getPrismaClient({
    previewFeatures: [],
    clientVersion: "7.10.0",
    engineVersion: "0edf323efd1d98336f3f0a68684b56f689b900d3",
    activeProvider: "postgresql",
    inlineSchema: 'datasource db {\n  provider = "postgresql"\n}\n',
    runtimeDataModel: { models: {}, enums: {}, types: {} },
    parameterizationSchema: { strings: [], graph: "AAAA" },
    compilerWasm: {
      getRuntime: async () => require(`${compiler}.js`),
      getQueryCompilerWasmModule: async () => {
        const { wasm } = require(`${compiler}.wasm-base64.js`) as { wasm: string };
        return new WebAssembly.Module(Buffer.from(wasm, "base64"));
      },
      importName: "./query_compiler_fast_bg.js",
    },
  });
  return new Client({ adapter: new PrismaPg({ connectionString }) }) as PrismaClient;
}

const require = createRequire(import.meta.url);
const compiler = "@prisma/client/runtime/query_compiler_fast_bg.postgresql";
/** A global of Node.js that its types do not declare. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: { Module: new (bytes: Uint8Array) => object };
};
