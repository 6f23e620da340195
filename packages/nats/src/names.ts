import { createHash } from "node:crypto";

/** How an application's logs, readers and questions are named in NATS. */
export interface Names {
  stream(service: string): string;
  /** All subjects of a service's log. */
  subjects(service: string): string;
  /** The beginning of every subject of a service's log, with its dot. */
  prefix(service: string): string;
  consumer(subscription: string): string;
  question(service: string): string;
  readonly bucket: string;
}

export function namesOf(app: string): Names {
  return {
    stream: (service) => `${app}-${token(service)}`,
    subjects: (service) => `${app}.${token(service)}.>`,
    prefix: (service) => `${app}.${token(service)}.`,
    consumer: (subscription) => `${app}-${safe(subscription)}`,
    question: (service) => `_ask.${app}.${token(service)}`,
    bucket: `${app}-services`,
  };
}

function token(service: string): string {
  if (/^[A-Za-z0-9_-]{1,100}$/.test(service)) return service;
  throw new Error(
    `"${service}" is no name of a service: it has other characters than letters, digits, - and _.`,
  );
}

/** "search/products" becomes "search_products"; whatever that rule could confuse with another name gets a digest. */
function safe(subscription: string): string {
  const plain = subscription.replace(/[^A-Za-z0-9-]/g, "_").slice(0, 150);
  if (/^[A-Za-z0-9-]+(\/[A-Za-z0-9-]+)?$/.test(subscription) && plain.length === subscription.length)
    return plain;
  return `${plain}-${createHash("sha256").update(subscription).digest("hex").slice(0, 16)}`;
}
