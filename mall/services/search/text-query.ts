/** What somebody typed, as PostgreSQL is asked for it. */
export interface TextQuery {
  /** In the syntax of web searches: words, "phrases", or, -without. */
  readonly head: string;
  /** The last word, which may be only the beginning of one; undefined when the text does not end in a plain word. */
  readonly last: string | undefined;
  /** Whether it names nothing but words to find, so that words that look alike may be what was meant. */
  readonly isPlain: boolean;
}

/** Takes a text apart: the last word is found by its beginning too, unless it is in a phrase, after "or", or excluded. */
export function textQueryOf(text: string): TextQuery {
  const isPlain = !/"|(?:^|\s)-/.test(text);
  const [, head = "", last] = /^(?:(.*)\s)?([\p{L}\p{N}]+)$/su.exec(text) ?? [];
  const isOpenPhrase = (text.match(/"/g)?.length ?? 0) % 2 === 1;
  const isChoice = /(?:^|\s)or$/i.test(head) || last?.toLowerCase() === "or";
  if (last === undefined || isOpenPhrase || isChoice) return { head: text, last: undefined, isPlain };
  return { head, last, isPlain };
}
