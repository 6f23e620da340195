import { Transform, type TransformCallback } from "node:stream";

const newline = 0x0a;

/**
 * Passes an event stream on, and can end it in the middle: then the client is told when to come back, unless an event is
 * half sent, which a client ignores.
 */
export class EventStreamRelay extends Transform {
  #lastBytes: readonly (number | undefined)[] = [newline, newline];

  /** Ends it: the client is to come back, and to say what it has seen. */
  interrupt(): void {
    if (this.writableEnded || this.destroyed) return;
    const isBetweenEvents = this.#lastBytes.every((byte) => byte === newline);
    this.end(isBetweenEvents ? `retry: ${comeBackMs()}\n\n` : undefined);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#lastBytes = [chunk.length > 1 ? chunk.at(-2) : this.#lastBytes[1], chunk.at(-1)];
    done(null, chunk);
  }
}

/** Between one and three seconds, so that not everybody comes back at once. */
function comeBackMs(): number {
  return 1_000 + Math.floor(Math.random() * 2_000);
}
