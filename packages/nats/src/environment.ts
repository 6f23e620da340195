import { accessSync, constants, readFileSync } from "node:fs";
import { type NatsOptions, optionProblems } from "./options.ts";

/** What the environment says about NATS. */
export interface NatsEnvironment {
  readonly options: NatsOptions;
  /** What is wrong, all at once, each with the name of its variable and without a full stop; empty when all is well. */
  readonly problems: readonly string[];
}

/**
 * Reads `NATS_URL`, `NATS_USER`, `NATS_PASSWORD` or `NATS_PASSWORD_FILE`, `NATS_TOKEN` or `NATS_TOKEN_FILE`, `NATS_CREDS`,
 * `NATS_CA`, `NATS_CERT`, `NATS_KEY` (paths of files), `NATS_APP` and `NATS_REPLICAS`. What is empty is not set.
 */
export function natsFromEnvironment(env: NodeJS.ProcessEnv): NatsEnvironment {
  const problems: string[] = [];
  const secret = (name: string): string | undefined => {
    const [value, file] = [env[name], env[`${name}_FILE`]];
    if (value && file) problems.push(`${name} and ${name}_FILE are both set; keep one`);
    if (!file) return value || undefined;
    if (!isReadable(file)) {
      problems.push(`${name}_FILE is "${file}", which cannot be read`);
      return undefined;
    }
    return readFileSync(file, "utf8").trim();
  };
  const path = (name: string): string | undefined => {
    const file = env[name];
    if (file && !isReadable(file)) problems.push(`${name} is "${file}", which cannot be read`);
    return file || undefined;
  };
  const options = defined({
    servers: env.NATS_URL || undefined,
    user: env.NATS_USER || undefined,
    password: secret("NATS_PASSWORD"),
    token: secret("NATS_TOKEN"),
    credentialsFile: path("NATS_CREDS"),
    tls: tlsOf(path("NATS_CA"), path("NATS_CERT"), path("NATS_KEY")),
    app: env.NATS_APP || undefined,
    replicas: env.NATS_REPLICAS ? Number(env.NATS_REPLICAS) : undefined,
  });
  return {
    options,
    problems: [...problems, ...optionProblems(options, (field) => variables[field] ?? field)],
  };
}

const variables: Partial<Record<keyof NatsOptions, string>> = {
  servers: "NATS_URL",
  user: "NATS_USER",
  password: "NATS_PASSWORD",
  tls: "NATS_CERT",
  app: "NATS_APP",
  replicas: "NATS_REPLICAS",
};

function tlsOf(caFile?: string, certFile?: string, keyFile?: string): NatsOptions["tls"] {
  return caFile || certFile || keyFile ? defined({ caFile, certFile, keyFile }) : undefined;
}

/** Without the keys that are undefined. */
function defined<Options extends object>(
  options: Options,
): { [Key in keyof Options]: Exclude<Options[Key], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Options]: Exclude<Options[Key], undefined>;
  };
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
