/**
 * The partition of a key: FNV-1a (32 bit, over UTF-16 code units), finished with the murmur3 mixer so that keys that
 * differ in their last characters alone still spread, modulo the number of partitions.
 *
 * Stored positions depend on it: it never changes for an installed service.
 * Source: http://www.isthe.com/chongo/tech/comp/fnv and https://github.com/aappleby/smhasher (fmix32).
 */
export function partitionOf(key: string, partitions: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index++) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % partitions;
}
