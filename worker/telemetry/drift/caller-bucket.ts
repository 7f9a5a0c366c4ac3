// The bucket that a caller's values are counted in, so that no caller weighs more than one bucket: see docs/drift.md, "Callers".
// A bucket is all that is kept of a caller.
import { fingerprint, spread } from './hash.ts';

/** Who sent a request, as far as counting needs to know. */
export interface Sender {
  /** The id of a key or token or, without one, the address; null where the platform tells none. */
  readonly id: string | null;
  /** Whether the operator vouched for the caller with a key or a token. */
  readonly known: boolean;
}

/** Counts of code that did not tell callers apart: they are one caller's. */
export const unnamedBucket = -1;

/** Anonymous callers have the buckets from 0 on, known ones those from here on. */
const firstKnown = 8;
export const bucketCount = 2 * firstKnown;

/** The counts of all buckets of a version may take this much of an isolate; versions with many features get fewer buckets. */
const mostBytes = 524_288;

export function isAnonymous(bucket: number): boolean {
  return bucket >= 0 && bucket < firstKnown;
}

/**
 * The same in every isolate, without a secret: knowing its bucket gives a caller nothing that another address would not.
 * @param slots those of the version's layout
 */
export function callerBucket(model: string, { id, known }: Sender, slots: number): number {
  const ofKind = Math.min(firstKnown, Math.max(2, Math.floor(mostBytes / (2 * 8 * slots))));
  const caller = known ? (id ?? '') : siteOf(id ?? '');
  return (known ? firstKnown : 0) + (spread(fingerprint(caller, fingerprint(model))) % ofKind);
}

/**
 * An address without what its site may choose: of IPv6 the /48, the largest prefix that an end site is given.
 * @see https://www.ripe.net/publications/docs/ripe-690/ section 4.2
 */
function siteOf(address: string): string {
  return address.includes(':') ? address.split(':', 3).join(':') : address;
}
