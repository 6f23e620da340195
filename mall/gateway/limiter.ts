import { unavailable } from "./unavailable.ts";

export interface LimiterOptions {
  /** How many may be inside at a time. */
  readonly inside: number;
  /** How many may wait to get in: none. */
  readonly queued?: number;
  /** How long they wait at most. */
  readonly waitMs?: number;
}

interface Waiting {
  readonly admit: () => void;
  readonly timer: NodeJS.Timeout;
}

/** Lets a limited number in at a time; a few more wait in order, for a short time. The others are turned away at once. */
export class Limiter {
  readonly #options: Required<LimiterOptions>;
  readonly #waiting = new Set<Waiting>();
  #inside = 0;

  constructor(options: LimiterOptions) {
    this.#options = { queued: 0, waitMs: 0, ...options };
  }

  /** @returns what to call on leaving, safe to call twice. @throws Problem `temporarily-unavailable` when it is full */
  async enter(): Promise<() => void> {
    if (this.#inside < this.#options.inside) this.#inside++;
    else await this.#queue();
    let isInside = true;
    return () => {
      if (isInside) this.#leave();
      isInside = false;
    };
  }

  #queue(): Promise<void> {
    if (this.#waiting.size >= this.#options.queued) throw unavailable();
    return new Promise((admit, reject) => {
      const expire = () => {
        this.#waiting.delete(waiting);
        reject(unavailable());
      };
      const waiting: Waiting = { admit, timer: setTimeout(expire, this.#options.waitMs) };
      this.#waiting.add(waiting);
    });
  }

  /** Who waits takes the place of who leaves. */
  #leave(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#inside--;
      return;
    }
    this.#waiting.delete(next);
    clearTimeout(next.timer);
    next.admit();
  }
}
