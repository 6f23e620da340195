import { testAdapter } from "./adapter-suite.fixture.ts";
import { publishIn, recordIn, sendIn } from "./prisma.ts";
import { createPrismaClient, type PrismaTransactionClient } from "./prisma-client.fixture.ts";

testAdapter<PrismaTransactionClient>({ publishIn, sendIn, recordIn }, async (url) => {
  const prisma = createPrismaClient(url);
  return {
    transaction: (work) => prisma.$transaction(work),
    write: (tx, text) => tx.$executeRawUnsafe("insert into note values ($1)", text),
    noTransaction: prisma,
    close: () => prisma.$disconnect(),
  };
});
