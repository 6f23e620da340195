import { type Api, httpClient } from "@mall/common/http-client";
import { expect } from "vitest";
import { type Scene, setScene } from "./conformance-scene.fixture.ts";
import { type RegisteredRoute, startMall } from "./mall.fixture.ts";

/** An answer before anything is made of it. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

interface RawRequest {
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The Mall as an outside tester sees it: an address, and one of each thing that it has. */
export interface Outside {
  readonly url: string;
  /** A client that forgets what it was told. */
  readonly api: Api;
  /** A client that reads its own writes. */
  readonly visitor: Api;
  readonly newVisitor: () => Api;
  /** Things that every test may read, and none may use up. */
  readonly scene: Scene;
  /** One of each thing, for a test to use up. */
  newScene(): Promise<Scene>;
  readonly routes: readonly RegisteredRoute[];
  send(method: string, path: string, request?: RawRequest): Promise<RawAnswer>;
  sendJson(method: string, path: string, body: unknown, headers?: RawRequest["headers"]): Promise<RawAnswer>;
  close(): Promise<void>;
}

export async function openMall(): Promise<Outside> {
  const mall = await startMall();
  const { url, api: visitor } = mall;
  const send: Outside["send"] = async (method, path, { body, headers } = {}) => {
    const answer = await fetch(url + path, {
      method,
      ...(headers && { headers }),
      ...(body !== undefined && { body }),
    });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  return {
    url,
    api: httpClient(url),
    visitor,
    newVisitor: mall.visitor,
    scene: await setScene(mall.visitor),
    newScene: () => setScene(mall.visitor),
    routes: mall.routes,
    send,
    sendJson: (method, path, body, headers) =>
      send(method, path, {
        body: JSON.stringify(body),
        headers: { "content-type": "application/json", ...headers },
      }),
    close: mall.close,
  };
}

/** Checks that an answer is this problem, with every field that a problem has, and returns it. */
export function expectProblem(answer: RawAnswer, status: number, slug: string) {
  const shown = `${answer.status} ${answer.text}`;
  expect(answer.headers.get("content-type"), shown).toBe("application/problem+json");
  const body = JSON.parse(answer.text) as Record<string, unknown> & { errors?: { pointer: string }[] };
  expect(body, shown).toMatchObject({ type: `/problems/${slug}`, status });
  expect(answer.status).toBe(status);
  for (const field of ["title", "detail", "instance"]) {
    expect(body[field], `${field} of ${shown}`).toEqual(expect.stringMatching(/\S/));
  }
  expect(answer.text).not.toMatch(/node_modules|\.ts:\d|select |insert /);
  return body;
}
