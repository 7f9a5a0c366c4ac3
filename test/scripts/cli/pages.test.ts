// Lists of servers that mean no good.
import { expect, test } from 'vitest';
import { entriesOf, type Page } from '../../../scripts/cli/pages.ts';

async function all<Cursor extends string | number>(
  read: (cursor: Cursor | null) => Page<string, Cursor>,
  now?: () => number,
): Promise<string[]> {
  const entries: string[] = [];
  for await (const entry of entriesOf<string, Cursor>(async (cursor) => read(cursor), now)) entries.push(entry);
  return entries;
}

test('pages are read to their end', async () => {
  const pages: Record<string, Page<string, string>> = {
    first: { entries: ['a', 'b'], next: 'second' },
    second: { entries: [], next: 'third' },
    third: { entries: ['c'], next: null },
  };
  expect(await all<string>((cursor) => pages[cursor ?? 'first'] ?? { entries: [], next: null })).toEqual([
    'a',
    'b',
    'c',
  ]);
});

test.each([
  ['comes back to a page', (at: number) => at % 3, "the page behind '0' came twice"],
  ['always has one more', (at: number) => at, 'no end after 2000 pages'],
])('a list that %s is given up', async (_, cursorOf, message) => {
  let asked = 0;
  await expect(all<number>(() => ({ entries: ['a'], next: cursorOf(asked++) }))).rejects.toMatchObject({
    code: 'INTERNAL',
    message: `the server's list does not end: ${message}; is it a PoP?`,
  });
});

test('a list that takes ten minutes is given up', async () => {
  let ms = 0;
  let asked = 0;
  const now = () => (ms += 100_000);
  await expect(all<number>(() => ({ entries: [], next: asked++ }), now)).rejects.toThrow('no end after 6 pages');
});
