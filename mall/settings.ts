import { type Mailer, smtpMailer } from "@mall/notifications/service";
import { parseHoldExpiry } from "@mall/payments/service";
import { environmentProblems } from "tidings";
import { type AccessSettings, isLoopback } from "./access-control.ts";
import type { TokenSettings } from "./tokens.ts";

/** What the environment says about the Mall as a whole. */
export interface Settings {
  /** `MALL_DATA`: where the embedded PostgreSQL keeps its data. */
  readonly directory: string;
  /** Where the data is, as a user would say it. */
  readonly place: string;
  /** `LOG_LEVEL`: warnings and errors unless told otherwise, so that the welcome stays readable. */
  readonly logLevel: string;
  /** `MALL_DEMO` and `MALL_JWT_SECRET` or `MALL_JWKS_URL`, `MALL_JWT_ISSUER`, `MALL_JWT_AUDIENCE`: who is let in. */
  readonly access: AccessSettings;
  /** `MALL_BOTS`: how many simulated bots collect goods. 3 in demo mode, else none. */
  readonly bots: number;
  /** `MALL_BOT_DELAY`: how long a bot walks to a stop at most, in milliseconds: 200. At least it is a quarter of that. */
  readonly botDelayMs: number;
  /** `MALL_HOLD_EXPIRES`: how long a hold on a card lasts that no order confirms. 30 minutes when left out. */
  readonly holdExpiresMs: number | undefined;
  /** `PROCESSOR_URL`: where the card processor is; the simulated one, when left out. */
  readonly processorUrl: string | undefined;
  /** `SMTP_URL`, `MALL_MAIL_FROM`: how mail is sent. None is, when left out. */
  readonly mail: Mailer | undefined;
}

/** Reads the settings; a wrong one ends the program with one sentence for each and exit code 1. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const { MALL_DATA, MALL_CURRENCY, LOG_LEVEL = "warn" } = env;
  const problems = environmentProblems(env).map((problem) => `${problem}.`);
  problems.push(...accessProblems(env), ...workProblems(env));
  if (MALL_CURRENCY && !/^[A-Z]{3}$/.test(MALL_CURRENCY))
    problems.push(`MALL_CURRENCY must be three capital letters, not ${MALL_CURRENCY}.`);
  if (problems.length > 0) {
    for (const problem of problems) console.error(problem);
    process.exit(1);
  }
  const directory = MALL_DATA || ".mall";
  const place = env.DATABASE_URL ? "your database" : directory;
  return {
    directory,
    place,
    logLevel: LOG_LEVEL,
    access: accessSettings(env),
    bots: Number(env.MALL_BOTS || (isDemo(env) ? 3 : 0)),
    botDelayMs: Number(env.MALL_BOT_DELAY || 200),
    holdExpiresMs: env.MALL_HOLD_EXPIRES ? parseHoldExpiry(env.MALL_HOLD_EXPIRES) : undefined,
    processorUrl: env.PROCESSOR_URL || undefined,
    mail: mailerOf(env),
  };
}

/** What is wrong with the settings of bots, cards and mail. */
function workProblems(env: NodeJS.ProcessEnv): string[] {
  const { MALL_BOTS, MALL_BOT_DELAY, MALL_HOLD_EXPIRES, PROCESSOR_URL, MALL_JWT_SECRET } = env;
  const problems: string[] = [];
  if (MALL_BOTS && !/^\d{1,3}$/.test(MALL_BOTS))
    problems.push(`MALL_BOTS must be a number from 0 to 999, not ${MALL_BOTS}.`);
  if (Number(MALL_BOTS) > 0 && !isDemo(env) && !MALL_JWT_SECRET)
    problems.push("MALL_BOTS needs MALL_JWT_SECRET outside demo mode: the bots sign tokens of their own.");
  if (MALL_BOT_DELAY && !/^\d{1,5}$/.test(MALL_BOT_DELAY))
    problems.push(`MALL_BOT_DELAY must be a number of milliseconds, not ${MALL_BOT_DELAY}.`);
  if (MALL_HOLD_EXPIRES && parseHoldExpiry(MALL_HOLD_EXPIRES) === undefined)
    problems.push(`MALL_HOLD_EXPIRES must be like 30m, 45s, 2h or PT30M, not ${MALL_HOLD_EXPIRES}.`);
  if (PROCESSOR_URL && !/^https?:$/.test(URL.parse(PROCESSOR_URL)?.protocol ?? ""))
    problems.push("PROCESSOR_URL must be an address that begins with https:// or http://.");
  try {
    mailerOf(env);
  } catch (error) {
    problems.push((error as Error).message);
  }
  return problems;
}

/** @throws Error that names the setting which is wrong */
function mailerOf({ SMTP_URL, MALL_MAIL_FROM }: NodeJS.ProcessEnv): Mailer | undefined {
  return SMTP_URL ? smtpMailer(SMTP_URL, { from: MALL_MAIL_FROM || undefined }) : undefined;
}

/** The secret itself is never told. */
function accessProblems(env: NodeJS.ProcessEnv): string[] {
  const { MALL_DEMO, MALL_JWT_SECRET: secret, MALL_JWKS_URL: jwksUrl, HOST } = env;
  const problems: string[] = [];
  if (MALL_DEMO && !["0", "1"].includes(MALL_DEMO))
    problems.push(`MALL_DEMO must be 1 or 0, not ${MALL_DEMO}.`);
  if (isDemo(env) && HOST && !isLoopback(HOST))
    problems.push(`HOST must be a loopback address in demo mode, not ${HOST}.`);
  if (!isDemo(env) && !secret && !jwksUrl)
    problems.push("Outside demo mode MALL_JWT_SECRET or MALL_JWKS_URL must be set: who asks is in a token.");
  if (secret && jwksUrl) problems.push("Only one of MALL_JWT_SECRET and MALL_JWKS_URL may be set.");
  if (secret && Buffer.byteLength(secret) < minSecretBytes)
    problems.push(`MALL_JWT_SECRET must have at least ${minSecretBytes} bytes.`);
  if (jwksUrl && !/^https?:$/.test(URL.parse(jwksUrl)?.protocol ?? ""))
    problems.push("MALL_JWKS_URL must be an address that begins with https:// or http://.");
  return problems;
}

/** As many as HS256 signs with (RFC 7518). */
const minSecretBytes = 32;

function isDemo({ MALL_DEMO }: NodeJS.ProcessEnv): boolean {
  return MALL_DEMO !== "0";
}

function accessSettings(env: NodeJS.ProcessEnv): AccessSettings {
  const { MALL_JWT_SECRET: secret, MALL_JWKS_URL: jwksUrl } = env;
  const expected = {
    issuer: env.MALL_JWT_ISSUER || undefined,
    audience: env.MALL_JWT_AUDIENCE || undefined,
  };
  const tokens: TokenSettings | undefined = secret
    ? { secret, ...expected }
    : jwksUrl
      ? { jwksUrl, ...expected }
      : undefined;
  return { demo: isDemo(env), tokens };
}
