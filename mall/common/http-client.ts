/** What the API answered. `body` is undefined when there was none. */
export interface ApiAnswer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** Calls the API: `api("PUT /api/stores/…/name", { name })`. Every answer is returned, whatever its status. */
export type Api = <Body = unknown>(
  route: `${"GET" | "POST" | "PUT" | "PATCH" | "DELETE"} /${string}`,
  body?: object,
  headers?: Readonly<Record<string, string>>,
) => Promise<ApiAnswer<Body>>;

/** @param headers sent with every request, for example `authorization` */
export function httpClient(origin: string, headers: Readonly<Record<string, string>> = {}): Api {
  return async <Body>(route: string, body?: object, more: Readonly<Record<string, string>> = {}) => {
    const [method = "GET", path = "/"] = route.split(" ");
    const content = body && { "content-type": "application/json" };
    const response = await fetch(new URL(path, origin), {
      method,
      headers: { ...content, ...headers, ...more },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text ? JSON.parse(text) : undefined) as Body,
    };
  };
}
