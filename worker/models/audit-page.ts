// A page of the audit that is searched. Each record is an object of its own in storage, so a page looks at a bounded number of them,
// and says how far back that was.
import type { AuditRecord } from '../../registry/api/audit.ts';
import type { AuditTrail } from '../../registry/audit.ts';
import { type AuditFilter, isAsked } from '../../registry/audit-search.ts';
import type { Spend } from '../../registry/model-catalog.ts';

/** Records that one page looks at. The platform allows a request some 1,000 operations of storage. */
export const mostLookedAt = 300;
const readAtOnce = 50;
/** A page with so many finds looks no further; it may have a few more. */
const enoughFound = 25;

export interface AuditFinds {
  /** The newest first. */
  readonly records: readonly AuditRecord[];
  readonly lookedAt: number;
  /** Pass it as `after` to look further back; null: there is nothing older. */
  readonly next: string | null;
  /** When the oldest record that was looked at was made; null: there was none. */
  readonly backTo: string | null;
  readonly damaged: number;
}

/** @param spend told how many operations of storage that has cost */
export async function searchAudit(
  audit: Pick<AuditTrail, 'list'>,
  filter: AuditFilter,
  after: string | null,
  spend: Spend,
): Promise<AuditFinds> {
  const records: AuditRecord[] = [];
  let [lookedAt, damaged] = [0, 0];
  let backTo: string | null = null;
  let next = after;
  do {
    const page = await audit.list({ limit: readAtOnce, ...(next === null ? {} : { after: next }) }, spend);
    for (const record of page.records) if (isAsked(record, filter)) records.push(record);
    lookedAt += page.records.length;
    damaged += page.damaged?.length ?? 0;
    backTo = page.records.at(-1)?.at ?? backTo;
    next = page.next;
  } while (next !== null && records.length < enoughFound && lookedAt + damaged < mostLookedAt);
  return { records, lookedAt, next, backTo, damaged };
}
