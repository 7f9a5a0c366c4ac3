// Conditional requests: whether the client already holds what it asks for.

/** One entity tag of a list, with its mark of weakness left out. */
const entityTag = /(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g;

/**
 * Compares tags weakly, as If-None-Match demands: the platform and proxies weaken the tag of an answer that they compress.
 * @param ifNoneMatch the header as it came: a list of tags, or `*` for anything that there is
 * @param etag the strong tag of what would be answered
 * @returns true where 304 is the answer
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
 */
export function clientHolds(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return [...ifNoneMatch.matchAll(entityTag)].some(([, tag]) => tag === etag);
}
