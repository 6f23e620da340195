import { type Access, callerOf, mayActFor, roles, setCaller } from "@mall/common/access";
import { type ApplicationOptions, Problem, type ServiceRequest } from "tidings";
import { badToken, demoActor, type Principal, type TokenSettings, tokenVerifier } from "./tokens.ts";

/** Who is let in. */
export interface AccessSettings {
  /** Whether a request without a token is the operator's: only where nobody else can reach the Mall. */
  readonly demo: boolean;
  /** How tokens are verified; without it every token is a bad one. */
  readonly tokens?: TokenSettings | undefined;
}

type App = Parameters<NonNullable<ApplicationOptions["http"]>>[0];
type Admit = (request: ServiceRequest) => Promise<Principal | undefined>;

/**
 * Lets each request in or answers 401 or 403, before anything else is made of it; call it before routes are added. Who
 * may call a route is in its `config.access`: operators alone, where it says nothing.
 *
 * A public route does not refuse a token that is no use, it ignores it: everybody is shown the same there, so somebody
 * whose token has expired goes on browsing, also while the keys that verify tokens cannot be fetched.
 */
export function accessControl(app: App, settings: AccessSettings): void {
  const admit = admission(settings);
  app.addHook("onRequest", async (request) => {
    const access = accessOf(request.routeOptions);
    const principal = await (access === "public" ? admit(request).catch(() => undefined) : admit(request));
    if (principal) {
      request.actor = principal.actor;
      setCaller(request, principal);
    }
    if (access === "public") return;
    if (!principal) throw tokenNeeded();
    if (!access.some((role) => principal.roles.includes(role))) throw new Problem("forbidden");
  });
}

/** Who asks, as a ticket says it to {@link accessControl} afterwards. */
export function identify(request: ServiceRequest): Principal {
  return { ...callerOf(request), actor: request.actor };
}

/** Whether the caller may see an operation of this owner, a customer: an operator may see all, a shopper its own. */
export function maySeeOwner(request: ServiceRequest, owner: string | undefined): boolean {
  return owner === undefined ? callerOf(request).roles.includes("operator") : mayActFor(request, owner);
}

/** Who asks; undefined without a token or a ticket. @throws Problem when there is one that is no use */
function admission({ demo, tokens }: AccessSettings): Admit {
  const verify = tokens && tokenVerifier(tokens);
  return async (request) => {
    const holder = ticketHolder(request);
    if (holder) return holder;
    const { authorization } = request.headers;
    if (authorization === undefined) return demo && isLocal(request) ? demoOperator : undefined;
    const token = /^Bearer +([\w~+/.-]+=*) *$/i.exec(authorization)?.[1];
    if (!verify || token === undefined) throw badToken();
    return verify(token);
  };
}

/** A ticket says what {@link identify} has said of whoever asked for it. */
function ticketHolder(request: ServiceRequest): Principal | undefined {
  try {
    return request.ticketIdentity() as Principal | undefined;
  } catch (cause) {
    throw badToken(cause);
  }
}

const demoOperator: Principal = { roles: ["operator"], actor: demoActor };

/**
 * Whether a request without a token comes from a program or a page of this machine. The page of another site that is
 * open in a browser here can reach a loopback address too, under a name of its own (DNS rebinding) or with an `Origin`.
 */
function isLocal({ hostname, headers: { origin } }: ServiceRequest): boolean {
  return isLoopback(hostname) && (origin === undefined || isLoopback(hostOf(origin)));
}

function hostOf(origin: string): string {
  return URL.parse(origin)?.hostname ?? "";
}

/** Whether only programs of this machine can reach a host of this name. */
export function isLoopback(host: string): boolean {
  return ["localhost", "::1", "[::1]"].includes(host) || /^127(\.\d{1,3}){3}$/.test(host);
}

function tokenNeeded(): Problem {
  return new Problem("unauthorized", undefined, { headers: { "www-authenticate": "Bearer" } });
}

/** What is asked about a route. */
interface Route {
  readonly url?: string | undefined;
  readonly config: { readonly access?: Access };
}

/** Whether everybody may call a route. */
export function isPublic(route: Route): boolean {
  return accessOf(route) === "public";
}

function accessOf({ url = "", config }: Route): Access {
  const access = config.access ?? accessOfLibraryRoutes[url] ?? [];
  return access === "public" ? access : ["operator", ...access];
}

const health = ["/livez", "/readyz", "/healthz", "/startupz"];
const problems = ["/problems", "/problems/:slug"];

/** The library knows no roles, so what it adds is decided here. */
const accessOfLibraryRoutes: Readonly<Record<string, Access>> = {
  ...Object.fromEntries([...health, ...problems].map((url) => [url, "public"])),
  "/api/operations/:id": ["shopper"],
  "/api/live": roles,
  "/api/live/tickets": roles,
};
