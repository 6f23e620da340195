const maxWaitSeconds = 20;

/** The seconds in `Prefer: wait=n` (RFC 7240), 20 at most, or undefined when the client does not want to wait. */
export function preferredWait(header: string | string[] | undefined): number | undefined {
  const text = Array.isArray(header) ? header.join(",") : (header ?? "");
  const seconds = /(?:^|,)\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:$|[,;])/i.exec(text)?.[1];
  return seconds === undefined || Number(seconds) === 0
    ? undefined
    : Math.min(Number(seconds), maxWaitSeconds);
}
