// Hashes of drift: fast, without memory, and without a secret.

const beginning = 0x811c9dc5;

/**
 * FNV-1a over UTF-16 code units.
 * @param from the hash of a text before this one
 * @see http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function fingerprint(text: string, from = beginning): number {
  let hash = from;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/**
 * Spreads similar numbers over 32 bits: the finaliser of MurmurHash3.
 * @see https://github.com/aappleby/smhasher
 */
export function spread(number: number): number {
  let hash = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
