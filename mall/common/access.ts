import type { ServiceRequest } from "tidings";

/** Who may do what: everything, what one's own store, the depot or oneself is concerned with. */
export const roles = ["operator", "store", "depot", "shopper"] as const;
export type Role = (typeof roles)[number];

/** Who may call a route besides operators: everybody, or callers with one of these roles. */
export type Access = "public" | readonly Role[];

/** Who asks. A shopper is one customer. */
export interface Caller {
  readonly roles: readonly Role[];
  readonly customerId?: string;
}

const callers = new WeakMap<object, Caller>();

/** Remembers who asks; called once for each request, by access control, before its route. */
export function setCaller(request: object, caller: Caller): void {
  callers.set(request, caller);
}

/** Who asks; nobody in particular where access control has not said so. */
export function callerOf(request: object): Caller {
  return callers.get(request) ?? { roles: [] };
}

/**
 * Whether the caller may see and change what belongs to this customer: an operator everything, a shopper its own. Where
 * it may not, answer as if it did not exist.
 */
export function mayActFor(request: ServiceRequest | object, customerId: string): boolean {
  const { roles, customerId: own } = callerOf(request);
  return roles.includes("operator") || (roles.includes("shopper") && own === customerId);
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** Who may call the route besides operators: `public`, or callers with one of these roles. Nobody when left out. */
    access?: Access;
  }
}
