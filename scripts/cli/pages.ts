// Lists that a server answers page by page, read as long as they move on: a server that never ends a list must not keep the command.
import { PopserveError } from '../../registry/errors.ts';

/** A page has a hundred entries or a thousand: no registry has as many. */
const mostPages = 2000;
const mostMs = 600_000;

export interface Page<Entry, Cursor> {
  readonly entries: readonly Entry[];
  /** Where the next page begins; null behind the last one. */
  readonly next: Cursor | null;
}

/**
 * @param read reads the page that begins at a cursor, null for the first
 * @throws {PopserveError} INTERNAL when a page begins where another one did, or there is no end
 */
export async function* entriesOf<Entry, Cursor extends string | number>(
  read: (cursor: Cursor | null) => Promise<Page<Entry, Cursor>>,
  now: () => number = Date.now,
): AsyncGenerator<Entry, void, void> {
  const seen = new Set<Cursor>();
  const untilMs = now() + mostMs;
  let cursor: Cursor | null = null;
  do {
    const page: Page<Entry, Cursor> = await read(cursor);
    yield* page.entries;
    cursor = page.next;
    if (cursor === null) return;
    if (seen.has(cursor)) throw endless(`the page behind '${cursor}' came twice`);
    seen.add(cursor);
  } while (seen.size < mostPages && now() < untilMs);
  throw endless(`no end after ${seen.size} pages`);
}

function endless(why: string): PopserveError {
  return new PopserveError('INTERNAL', `the server's list does not end: ${why}; is it a PoP?`);
}
