import type { FastifyInstance, HTTPMethods } from "fastify";
import createRouter from "find-my-way";

type Router = ReturnType<typeof createRouter>;
type RouterMethod = Parameters<Router["find"]>[0];

/**
 * Notes every route of an application, so that a request with another method can be told apart from one for an unknown
 * address. Call it before routes are added. A route that ends in a wildcard is a fallback, not an address.
 *
 * @returns the methods that the address takes: none when it is unknown
 */
export function noteMethods(app: FastifyInstance): (path: string) => string[] {
  const router = createRouter({ defaultRoute: () => {} });
  const methods = new Set<RouterMethod>();
  app.addHook("onRoute", ({ method, url }) => {
    if (url.endsWith("*")) return;
    for (const name of [method].flat() as HTTPMethods[]) {
      const known = name as RouterMethod;
      methods.add(known);
      if (!router.hasRoute(known, url)) router.on(known, url, () => {});
    }
  });
  return (path) => [...methods].filter((method) => router.find(method, path) !== null).sort();
}
