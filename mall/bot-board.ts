import { setTimeout as pause } from "node:timers/promises";
import type { DepotClient, ShoppingList } from "./bot-depot.ts";

export interface BoardOptions {
  /** How many lists are asked for at once. */
  readonly limit: number;
  /** How often the depot is asked while there is nothing to do, in milliseconds, give or take a fifth. */
  readonly pollMs: number;
  readonly signal: AbortSignal;
}

/** Where the bots of one process find what is to be done: they ask the depot together, and never faster than that. */
export class Board {
  readonly #depot: DepotClient;
  readonly #options: BoardOptions;
  readonly #lists: ShoppingList[] = [];
  /** What bots have in hand: the depot may say of it for a moment that nobody has it. */
  readonly #given = new Set<string>();
  #asking: Promise<void> | undefined;
  #notBefore = 0;

  constructor(depot: DepotClient, options: BoardOptions) {
    this.#depot = depot;
    this.#options = options;
  }

  /**
   * Waits for a list that no other bot of this board was given. Hand it back with {@link release} when it is done with.
   * @throws whatever asking the depot throws, and an AbortError at the end
   */
  async next(): Promise<ShoppingList> {
    for (;;) {
      this.#options.signal.throwIfAborted();
      const list = this.#lists.shift();
      if (list) {
        this.#given.add(list.id);
        return list;
      }
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = undefined;
      });
      await this.#asking;
    }
  }

  release({ id }: ShoppingList): void {
    this.#given.delete(id);
  }

  async #ask(): Promise<void> {
    const { limit, pollMs, signal } = this.#options;
    const wait = this.#notBefore - performance.now();
    if (wait > 0) await pause(wait, undefined, { signal });
    this.#notBefore = performance.now() + pollMs * (0.8 + 0.4 * Math.random());
    const lists = await this.#depot.available(limit);
    this.#lists.push(...lists.filter(({ id }) => !this.#given.has(id)));
    if (this.#lists.length > 0) this.#notBefore = 0;
  }
}
