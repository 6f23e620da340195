import type { Client } from "pg";
export type Connection = Client;
