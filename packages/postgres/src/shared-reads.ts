import { withTimeLimit } from "./time-limit.ts";

interface Asked<Value> {
  readonly id: string;
  resolve(value: Value | undefined): void;
  reject(error: unknown): void;
}

/**
 * Reads single things so that many who ask at once share a query: the first is asked for at once, and who comes while a
 * query runs goes with the next. What is answered was read after it was asked for. A query that does not end fails after
 * `limitMs`, so that it does not hold up the next one for ever.
 */
export class SharedReads<Value extends { readonly id: string }> {
  readonly #readAll: (ids: readonly string[]) => Promise<readonly Value[]>;
  readonly #limitMs: number;
  #asked: Asked<Value>[] = [];
  #running = false;

  constructor(readAll: (ids: readonly string[]) => Promise<readonly Value[]>, limitMs = 5_000) {
    this.#readAll = readAll;
    this.#limitMs = limitMs;
  }

  /** @throws whatever the query throws, to all who share it */
  read(id: string): Promise<Value | undefined> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ id, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#asked.length > 0) await this.#next();
    this.#running = false;
  }

  async #next(): Promise<void> {
    const asked = this.#asked;
    this.#asked = [];
    try {
      const values = await withTimeLimit(
        this.#limitMs,
        this.#readAll([...new Set(asked.map(({ id }) => id))]),
      );
      const byId = new Map(values.map((value) => [value.id, value]));
      for (const { id, resolve } of asked) resolve(byId.get(id));
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }
}
