import { expect, it } from 'vitest';
import type { PlaceDrift } from '../../registry/api/drift.ts';
import { distinctPlaces, nameOfPlace } from '../../registry/drift-places.ts';

const place = (name: string, rows: number | null): PlaceDrift => ({
  ...{ place: name, drifting: false, changedMs: 0, window: null, windows: [], accepted: null },
  open: rows === null ? null : { sinceMs: 1, rows, rowsOfOthers: 0, waits: null },
});
const names = (...places: PlaceDrift[]) => distinctPlaces(places).map(nameOfPlace);

it.each<[string, PlaceDrift[], string[]]>([
  [
    'one PoP is all of its region and the world',
    [place('global', 9), place('pop:HEL', 9), place('region:EU', 9)],
    ['pop:HEL, all of region:EU and global'],
  ],
  [
    'a region with two PoPs is all of the world',
    [place('global', 9), place('pop:FRA', 4), place('pop:HEL', 5), place('region:EU', 9)],
    ['pop:FRA', 'pop:HEL', 'region:EU, all of global'],
  ],
  [
    'each of two regions has one PoP',
    [place('global', 9), place('pop:HEL', 4), place('pop:YUL', 5), place('region:EU', 4), place('region:NA', 5)],
    ['global', 'pop:HEL, all of region:EU', 'pop:YUL, all of region:NA'],
  ],
  [
    'two PoPs have the same counts, so that nobody knows which is all of the region',
    [place('pop:FRA', 4), place('pop:HEL', 4), place('region:EU', 4)],
    ['pop:FRA', 'pop:HEL', 'region:EU'],
  ],
  [
    'a place has a baseline of its own',
    [place('global', 9), { ...place('pop:HEL', 9), changedMs: 7 }],
    ['global', 'pop:HEL'],
  ],
  ['nothing was counted', [place('global', null), place('pop:HEL', null)], ['global', 'pop:HEL']],
])('%s', (_, places, expected) => {
  expect(names(...places)).toEqual(expected);
});
