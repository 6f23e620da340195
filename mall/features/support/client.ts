import { type Api, type ApiAnswer, httpClient } from "@mall/common/http-client";
import { until } from "@tidings/testing";
import type { Page, Problem } from "./resources.ts";

/** What came of a request: its status, and the rule or the type of the problem. */
export function verdictOf({ status, body }: ApiAnswer<unknown>): string {
  const { rule, type } = (body ?? {}) as Partial<Problem>;
  return status < 400 ? `${status}` : `${status} ${rule ?? type?.replace("/problems/", "") ?? ""}`.trim();
}

/**
 * A client that is told what has happened so far: it sends back the last `Consistency-Token`, and tries again when the
 * Mall asks for a little patience.
 */
export function attentiveClient(url: string): Api {
  const api = httpClient(url);
  let token: string | undefined;
  return async <Body>(route: Parameters<Api>[0], body?: object, headers: Record<string, string> = {}) => {
    const ask = () => api<Body>(route, body, { ...(token && { "consistency-token": token }), ...headers });
    const answer = await until(`${route} is not answered with "come back later"`, async () => {
      const answer = await ask();
      return !verdictOf(answer).endsWith("read-model-behind") && answer;
    });
    token = answer.headers.get("consistency-token") ?? token;
    return answer;
  };
}

/** The body of an answer. @throws Error that shows an answer which refuses */
export function bodyOf<Body>({ status, body }: ApiAnswer<Body>): Body {
  if (status >= 400) throw new Error(`The Mall refused: ${status} ${JSON.stringify(body)}`);
  return body;
}

/** Everything that a list has. */
export async function readAll<Item>(api: Api, path: `/${string}`): Promise<Item[]> {
  const all: Item[] = [];
  const query = path.includes("?") ? "&" : "?";
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: Page<Item> = bodyOf(
      await api<Page<Item>>(`GET ${path}${query}limit=200${cursor && `&cursor=${cursor}`}`),
    );
    all.push(...page.items);
    cursor = page.next;
  }
  return all;
}
