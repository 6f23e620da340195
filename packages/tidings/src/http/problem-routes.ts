import type { FastifyInstance } from "fastify";
import { Problem, type ProblemSlug, problemTypes, problemUri } from "./problem.ts";

/** `GET /problems/{slug}`: what a problem type means, at the address that is its `type`. `GET /problems` lists all. */
export function problemRoutes(app: FastifyInstance): void {
  app.get("/problems", { logLevel: "silent" }, () => ({
    items: (Object.keys(problemTypes) as ProblemSlug[]).map(describe),
  }));
  app.get<{ Params: { slug: string } }>("/problems/:slug", { logLevel: "silent" }, ({ params: { slug } }) => {
    if (!Object.hasOwn(problemTypes, slug)) throw new Problem("not-found");
    return describe(slug as ProblemSlug);
  });
}

function describe(slug: ProblemSlug) {
  const { title, status, meaning } = problemTypes[slug];
  return { type: problemUri(slug), title, status, meaning };
}
