const units = { s: 1_000, m: 60_000, h: 3_600_000 } as const;
const longestMs = 30 * 24 * units.h;

/** How long a hold lasts that no order confirms: 30 minutes. */
export const defaultHoldExpiresMs = 30 * units.m;

/**
 * Reads how long a hold lasts, in milliseconds: `30m`, `45s`, `2h`, the ISO 8601 durations `PT30M` and `PT1H30M`, or a
 * plain number of seconds.
 * @returns undefined for anything else, for nothing, and for more than 30 days
 */
export function parseHoldExpiry(text: string): number | undefined {
  const ms = simpleMs(text) ?? isoMs(text);
  return ms !== undefined && ms > 0 && ms <= longestMs ? ms : undefined;
}

function simpleMs(text: string): number | undefined {
  const [, count, unit = "s"] = /^(\d{1,9})([smh])?$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * units[unit as keyof typeof units];
}

function isoMs(text: string): number | undefined {
  const parts = /^PT(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?$/.exec(text);
  if (!parts) return undefined;
  const [, hours = 0, minutes = 0, seconds = 0] = parts;
  return Number(hours) * units.h + Number(minutes) * units.m + Number(seconds) * units.s;
}
