const poolSize = 512;
const entropy = new Uint8Array(poolSize * 8);
let used = poolSize;
let lastTime = 0;
let counter = 0;

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/**
 * A UUIDv7 (RFC 9562): sorts by its milliseconds, and within one process strictly by call order, also when the clock
 * stands still or steps back (method 1 of section 6.2: a 12-bit counter in `rand_a`; 62 random bits follow).
 */
export function uuidv7(now: number = Date.now()): string {
  const milliseconds = Math.trunc(now);
  if (milliseconds > lastTime) {
    lastTime = milliseconds;
    counter = 0;
  } else if (++counter > 0xfff) {
    lastTime++;
    counter = 0;
  }
  if (used === poolSize) {
    crypto.getRandomValues(entropy);
    used = 0;
  }
  const at = used++ * 8;
  const byte = (offset: number) => hex[entropy[at + offset] as number] as string;
  const time = lastTime.toString(16).padStart(12, "0");
  const variant = hex[((entropy[at] as number) & 0x3f) | 0x80] as string;
  const count = counter.toString(16).padStart(3, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${variant}${byte(1)}-${byte(2)}${byte(3)}${byte(4)}${byte(5)}${byte(6)}${byte(7)}`;
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether a text is a UUID of any version. */
export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}
