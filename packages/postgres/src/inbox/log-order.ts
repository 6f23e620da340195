import type { LogEntry } from "@tidings/core";

/** A gap in a log: the entries that follow `after` have not arrived, the last of which is at `upTo`. */
export interface LogGap {
  readonly partition: number;
  /** The last position that is there. */
  readonly after: number;
  /** The last position that is not; the entry behind a gap names it as its predecessor's. */
  readonly upTo: number;
}

/**
 * Restores the order of a log from entries that arrive late, repeatedly or out of order: an entry comes out when the one
 * before it has, and once. What arrives ahead of its predecessor is held until that comes.
 *
 * The mark of a partition is the highest position that has come out. An entry is a repetition when it is not above the
 * mark, the next one when its predecessor is not above the mark, and else ahead.
 */
export class LogOrder<Entry extends LogEntry> {
  readonly #marks: Map<number, number>;
  readonly #held = new Map<number, Entry[]>();
  #heldCount = 0;

  /** @param marks where each partition stands; 0, where it is left out */
  constructor(marks: ReadonlyMap<number, number> = new Map()) {
    this.#marks = new Map(marks);
  }

  /** The number of entries that wait for one before them. */
  get held(): number {
    return this.#heldCount;
  }

  markOf(partition: number): number {
    return this.#marks.get(partition) ?? 0;
  }

  /** @returns what comes out, in order: nothing for a repetition or one that is ahead; else the entry, and those held behind it */
  take(entry: Entry): Entry[] {
    const mark = this.markOf(entry.partition);
    if (entry.position <= mark) return [];
    if (entry.previous > mark) {
      this.#hold(entry);
      return [];
    }
    this.#marks.set(entry.partition, entry.position);
    return [entry, ...this.#release(entry.partition)];
  }

  /** Lets a partition go on as if everything up to a position had come out. @returns what comes out by that */
  pass(partition: number, position: number): Entry[] {
    if (position > this.markOf(partition)) this.#marks.set(partition, position);
    return this.#release(partition);
  }

  /** What is missing, one gap for each partition that has one. */
  gaps(): LogGap[] {
    return [...this.#held].flatMap(([partition, [first]]) => {
      if (!first) return [];
      return [{ partition, after: this.markOf(partition), upTo: first.previous }];
    });
  }

  /** All entries that are held. */
  *waiting(): Iterable<Entry> {
    for (const entries of this.#held.values()) yield* entries;
  }

  #hold(entry: Entry): void {
    const entries = this.#held.get(entry.partition) ?? [];
    this.#held.set(entry.partition, entries);
    let place = entries.length;
    while (place > 0 && (entries[place - 1] as Entry).position > entry.position) place--;
    if (entries[place - 1]?.position === entry.position) return;
    entries.splice(place, 0, entry);
    this.#heldCount++;
  }

  #release(partition: number): Entry[] {
    const entries = this.#held.get(partition) ?? [];
    const released: Entry[] = [];
    while (entries[0] && entries[0].previous <= this.markOf(partition)) {
      const next = entries.shift() as Entry;
      this.#heldCount--;
      if (next.position <= this.markOf(partition)) continue;
      this.#marks.set(partition, next.position);
      released.push(next);
    }
    if (entries.length === 0) this.#held.delete(partition);
    return released;
  }
}
