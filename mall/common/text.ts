import { z } from "zod";

/**
 * Text of at most so many characters (Unicode code points), without the white space around it. Control characters
 * other than newline are refused, and so are halves of surrogate pairs, which PostgreSQL cannot store.
 */
export function text(maximum: number, options: { readonly blank: boolean } = { blank: false }) {
  const sound = z
    .string()
    .refine((value) => !/[^\P{Cc}\n]/u.test(value), "must not contain control characters other than newline")
    .refine((value) => value.isWellFormed(), "must be well-formed Unicode")
    .trim()
    .refine((value) => hasAtMost(maximum, value), `must have at most ${maximum} characters`);
  return (options.blank ? sound : sound.min(1, "must not be blank")).meta({ maxLength: maximum });
}

function hasAtMost(maximum: number, value: string): boolean {
  return value.length <= maximum || (value.length <= 2 * maximum && [...value].length <= maximum);
}

/** A name or other short line: not blank, at most 200 characters. */
export const Name = text(200);

/** A longer text: at most 4,000 characters, may be empty. */
export const Description = text(4000, { blank: true });

/** A code or number that somebody assigned (a sku, a telephone number): not blank, at most 64 characters. */
export const Code = text(64);
