import type { IncomingMessage } from "node:http";
import { Problem } from "tidings";
import { unavailable } from "./unavailable.ts";

/** The body of a request, as it is sent on. */
export interface RequestBody {
  /** What `Content-Length` says; undefined when there is no body. */
  readonly length: number | undefined;
  /** Undefined when there is none, or when it is too large: the service refuses that by its length. */
  readonly content: Buffer | undefined;
}

/** As the services have it. */
const maxBytes = 1024 * 1024;

/**
 * Takes the bodies of requests, whole, so that they can be sent again and a slow client keeps no service waiting. One
 * that is larger than a service accepts is not read.
 */
export class RequestBodies {
  readonly #max: number;
  #held = 0;

  /** @param max bytes, of all that are held at a time */
  constructor(max: number) {
    this.#max = max;
  }

  /** @throws Problem when the client breaks off, or too much is held already */
  async read(raw: IncomingMessage): Promise<RequestBody> {
    const { "content-length": declared, "transfer-encoding": coding } = raw.headers;
    if (raw.method === "GET" || raw.method === "HEAD" || (declared ?? coding) === undefined)
      return { length: undefined, content: undefined };
    if (Number(declared) > maxBytes) return { length: Number(declared), content: undefined };
    const content = await this.#collect(raw);
    return content ? { length: content.length, content } : { length: maxBytes + 1, content: undefined };
  }

  /** @param body what is not needed any more */
  release({ content }: RequestBody): void {
    this.#held -= content?.length ?? 0;
  }

  async #collect(raw: IncomingMessage): Promise<Buffer | undefined> {
    const chunks: Buffer[] = [];
    let length = 0;
    let isWhole = false;
    try {
      for await (const chunk of raw.iterator({ destroyOnReturn: false })) {
        length += chunk.length;
        this.#held += chunk.length;
        if (this.#held > this.#max) throw unavailable();
        if (length > maxBytes) return undefined;
        chunks.push(chunk);
      }
      isWhole = true;
      return Buffer.concat(chunks);
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw new Problem("bad-request", "The request broke off.", { cause: error });
    } finally {
      if (!isWhole) this.#held -= length;
    }
  }
}
