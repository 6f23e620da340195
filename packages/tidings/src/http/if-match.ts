/** A version that no resource has: every comparison with it says "stale". */
const unmatchable = -1;
const maxMembers = 8;

/**
 * The versions that an `If-Match` header allows (RFC 9110, 13.1.1), or undefined when any will do. A weak tag matches
 * nothing, and a malformed header counts as one that cannot match; so the list is never empty.
 */
export function parseIfMatch(header: string | undefined): readonly number[] | undefined {
  if (header === undefined || header.trim() === "*") return undefined;
  const tags = header.split(",").map((tag) => tag.trim());
  const wellFormed =
    tags.length <= maxMembers && tags.every((tag) => /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/.test(tag));
  const versions = wellFormed ? tags.filter((tag) => /^"(?:0|[1-9]\d{0,9})"$/.test(tag)) : [];
  return versions.length > 0 ? versions.map((tag) => Number(tag.slice(1, -1))) : [unmatchable];
}
