import { participate } from "@tidings/testing";

await participate(() => ({ databaseUrl: process.env.TRANSPORT_DATABASE_URL ?? "" }));
