// A search of the audit reads a bounded number of records and says where to go on.
import { expect, test } from 'vitest';
import type { AuditPage, AuditRecord } from '../../../registry/api/audit.ts';
import { mostLookedAt, searchAudit } from '../../../worker/models/audit-page.ts';

/** Records numbered from 0, the newest first; every tenth is of 'ann'. */
function trailOf(count: number, reads: number[] = []) {
  const record = (number: number): AuditRecord => ({
    ...{ at: new Date(Date.UTC(2026, 0, 1) - number * 1000).toISOString(), requestId: String(number) },
    ...{ actor: number % 10 === 0 ? 'ann' : 'bob', caller: 'operator', address: '', method: 'PUT', path: '/' },
    ...{ status: 200, change: 'route', details: {} },
  });
  return {
    list: async ({ limit, after }: { limit: number; after?: string }): Promise<AuditPage> => {
      const from = after === undefined ? 0 : Number(after);
      const to = Math.min(count, from + limit);
      reads.push(to - from);
      const records = Array.from({ length: to - from }, (_, index) => record(from + index));
      return { records, next: to < count ? String(to) : null };
    },
  };
}

test('a search that finds nothing stops after a bounded number of records', async () => {
  const reads: number[] = [];
  const finds = await searchAudit(trailOf(1000, reads), { actor: 'nobody' }, null, () => undefined);
  expect(reads.reduce((sum, read) => sum + read, 0)).toBe(mostLookedAt);
  expect(finds).toMatchObject({ records: [], lookedAt: mostLookedAt, next: '300' });
  expect(finds.backTo).toBe(new Date(Date.UTC(2026, 0, 1) - 299_000).toISOString());
});

test('pages together find every record once', async () => {
  const found: string[] = [];
  let after: string | null = null;
  do {
    const finds = await searchAudit(trailOf(777), { actor: 'ann' }, after, () => undefined);
    found.push(...finds.records.map(({ requestId }) => requestId));
    after = finds.next;
  } while (after !== null);
  expect(found).toEqual(Array.from({ length: 78 }, (_, index) => String(index * 10)));
});

test('a page that has found enough reads no further', async () => {
  const reads: number[] = [];
  const { records, next } = await searchAudit(trailOf(1000, reads), {}, null, () => undefined);
  expect([records.length, reads, next]).toEqual([50, [50], '50']);
});

test('an empty audit has no end to look back to', async () => {
  expect(await searchAudit(trailOf(0), {}, null, () => undefined)).toEqual({
    ...{ records: [], lookedAt: 0, next: null, backTo: null, damaged: 0 },
  });
});
