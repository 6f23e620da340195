import { type Mailer, smtpMailer } from "@mall/notifications/service";
import { parseHoldExpiry } from "@mall/payments/service";
import { environmentProblems } from "tidings";
import { isLoopback } from "./access-control.ts";

/** As many as HS256 signs with (RFC 7518), and as tickets are signed with. */
const minSecretBytes = 32;

/** Everything that is wrong with the settings of a program of the Mall, a sentence each. Secrets are never told. */
export function settingsProblems(env: NodeJS.ProcessEnv): string[] {
  return [
    ...environmentProblems(env).map((problem) => `${problem}.`),
    ...accessProblems(env),
    ...botProblems(env),
    ...cardProblems(env),
    ...mailProblems(env),
    ...currencyProblems(env),
  ];
}

/** Demo mode is what a newcomer meets. */
export function isDemo({ MALL_DEMO }: NodeJS.ProcessEnv): boolean {
  return MALL_DEMO !== "0";
}

/** @throws Error that names the setting which is wrong */
export function mailerOf({ SMTP_URL, MALL_MAIL_FROM }: NodeJS.ProcessEnv): Mailer | undefined {
  return SMTP_URL ? smtpMailer(SMTP_URL, { from: MALL_MAIL_FROM || undefined }) : undefined;
}

/** The key that tickets are signed with, from hexadecimal or base64 text; undefined when it is neither or too short. */
export function parseTicketKey(text: string): Buffer | undefined {
  const isHex = /^([\da-f]{2})+$/i.test(text);
  if (!isHex && !/^[\w+/-]+={0,2}$/.test(text)) return undefined;
  const key = Buffer.from(text, isHex ? "hex" : "base64");
  return key.length >= minSecretBytes ? key : undefined;
}

function accessProblems(env: NodeJS.ProcessEnv): string[] {
  const { MALL_DEMO, MALL_JWT_SECRET: secret, MALL_JWKS_URL: jwksUrl, LIVE_TICKET_KEY, HOST } = env;
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
  if (jwksUrl && !isAddress(jwksUrl))
    problems.push("MALL_JWKS_URL must be an address that begins with https:// or http://.");
  if (LIVE_TICKET_KEY && !parseTicketKey(LIVE_TICKET_KEY))
    problems.push(`LIVE_TICKET_KEY must be at least ${minSecretBytes} bytes, in hexadecimal or base64.`);
  return problems;
}

function botProblems(env: NodeJS.ProcessEnv): string[] {
  const { MALL_BOTS, MALL_BOT_DELAY, MALL_JWT_SECRET } = env;
  const problems: string[] = [];
  if (MALL_BOTS && !/^\d{1,3}$/.test(MALL_BOTS))
    problems.push(`MALL_BOTS must be a number from 0 to 999, not ${MALL_BOTS}.`);
  if (Number(MALL_BOTS) > 0 && !isDemo(env) && !MALL_JWT_SECRET)
    problems.push("MALL_BOTS needs MALL_JWT_SECRET outside demo mode: the bots sign tokens of their own.");
  if (MALL_BOT_DELAY && !/^\d{1,5}$/.test(MALL_BOT_DELAY))
    problems.push(`MALL_BOT_DELAY must be a number of milliseconds, not ${MALL_BOT_DELAY}.`);
  return problems;
}

function cardProblems({ MALL_HOLD_EXPIRES, PROCESSOR_URL, PROCESSOR_KEY }: NodeJS.ProcessEnv): string[] {
  const problems: string[] = [];
  if (MALL_HOLD_EXPIRES && parseHoldExpiry(MALL_HOLD_EXPIRES) === undefined)
    problems.push(`MALL_HOLD_EXPIRES must be like 30m, 45s, 2h or PT30M, not ${MALL_HOLD_EXPIRES}.`);
  if (PROCESSOR_URL && !isAddress(PROCESSOR_URL))
    problems.push("PROCESSOR_URL must be an address that begins with https:// or http://.");
  if (PROCESSOR_KEY && !/^[\x21-\x7e]{16,200}$/.test(PROCESSOR_KEY))
    problems.push("PROCESSOR_KEY must have 16 to 200 characters of ASCII without spaces.");
  return problems;
}

function mailProblems(env: NodeJS.ProcessEnv): string[] {
  try {
    mailerOf(env);
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

function currencyProblems({ MALL_CURRENCY }: NodeJS.ProcessEnv): string[] {
  if (!MALL_CURRENCY || /^[A-Z]{3}$/.test(MALL_CURRENCY)) return [];
  return [`MALL_CURRENCY must be three capital letters, not ${MALL_CURRENCY}.`];
}

function isAddress(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? "");
}
