import { readFileSync } from "node:fs";

/** What may be in a file, as orchestrators hand secrets out, instead of in the environment. */
const secrets = ["DATABASE_URL", "MALL_JWT_SECRET", "PROCESSOR_KEY", "LIVE_TICKET_KEY", "SMTP_URL"] as const;

/** An environment whose secrets are in place, and what is wrong with those that are not. */
export interface WithSecrets {
  readonly env: NodeJS.ProcessEnv;
  readonly problems: readonly string[];
}

/**
 * Reads each secret from the file that `<NAME>_FILE` names, if it does. The line break at the file's end does not count.
 * Problems name the setting and the file, never what is in it.
 */
export function withSecretFiles(env: NodeJS.ProcessEnv): WithSecrets {
  const read: Record<string, string> = {};
  const problems: string[] = [];
  for (const name of secrets) {
    const file = env[`${name}_FILE`];
    if (!file) continue;
    if (env[name]) problems.push(`Only one of ${name} and ${name}_FILE may be set.`);
    else {
      try {
        read[name] = secretIn(file);
      } catch (error) {
        problems.push(`${name}_FILE names ${file}, which ${reasonOf(error)}.`);
      }
    }
  }
  return { env: { ...env, ...read }, problems };
}

function secretIn(file: string): string {
  const secret = readFileSync(file, "utf8").replace(/\r?\n$/, "");
  if (secret === "") throw new Error("is empty");
  return secret;
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined ? message : `cannot be read (${code})`;
}
