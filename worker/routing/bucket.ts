// Which of 10,000 buckets a key falls into. The same salt and key always give the same bucket.

export const bucketCount = 10_000;

/**
 * FNV-1a over the UTF-8 bytes, then the finaliser of MurmurHash3, without which the low digits of similar keys
 * (device-1, device-2) are not spread evenly. Every device of every running rollout depends on this function: changing it
 * moves them to other versions.
 * @see http://www.isthe.com/chongo/tech/comp/fnv/, https://github.com/aappleby/smhasher
 */
export function bucketOf(salt: string, key: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(`${salt}\0${key}`)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % bucketCount;
}

/** Whether a bucket lies within the first `percent` of all: 5 % is a subset of 20 %. */
export function withinShare(bucket: number, percent: number): boolean {
  return bucket < (percent / 100) * bucketCount;
}
