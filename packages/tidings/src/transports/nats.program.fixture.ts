import { nats } from "@tidings/nats";
import { participate } from "@tidings/testing";

const { TRANSPORT_DATABASE_URL = "", TRANSPORT_NATS_URL = "", TRANSPORT_APP = "" } = process.env;

await participate(() => ({
  databaseUrl: TRANSPORT_DATABASE_URL,
  broker: nats({ servers: TRANSPORT_NATS_URL, app: TRANSPORT_APP }),
}));
