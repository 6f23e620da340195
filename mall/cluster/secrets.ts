import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { contentOf, replaceFile } from "./private-file.ts";

/** The passwords and keys of a cluster. */
export interface Secrets {
  /** Of each service's role in PostgreSQL. */
  readonly roles: Readonly<Record<string, string>>;
  /** Of the user that services are at the broker, and of the broker's nodes among themselves. */
  readonly nats: string;
  readonly routes: string;
  /** What tickets are signed with. */
  readonly tickets: string;
  /** By what the card processor knows the Mall. */
  readonly processor: string;
}

/** The secrets kept in the directory; what is missing is made at random, and readable by us alone. */
export function keptSecrets(directory: string, services: readonly string[]): Secrets {
  const file = join(directory, "passwords.json");
  const kept: Partial<Secrets> = JSON.parse(contentOf(file) ?? "{}");
  const roles = Object.fromEntries(services.map((name) => [name, kept.roles?.[name] ?? random()]));
  const secrets: Secrets = {
    roles: { ...kept.roles, ...roles },
    nats: kept.nats ?? random(),
    routes: kept.routes ?? random(),
    tickets: kept.tickets ?? random(),
    processor: kept.processor ?? random(),
  };
  replaceFile(file, `${JSON.stringify(secrets, null, 2)}\n`);
  return secrets;
}

/** 32 bytes, as hexadecimal text: it needs no escaping anywhere. */
function random(): string {
  return randomBytes(32).toString("hex");
}
