// Places whose drift is that of the same requests: where one PoP is all of its region, or of the world, it need not be shown again.
import type { PlaceDrift } from './api/drift.ts';

/** A place, and the larger ones that it is all of. */
export interface ShownPlace {
  readonly drift: PlaceDrift;
  readonly allOf: readonly string[];
}

/** In the order in which they came, the larger ones left out that hold nothing more than a smaller one. */
export function distinctPlaces(places: readonly PlaceDrift[]): ShownPlace[] {
  const shown = new Map<string, string[]>(places.map(({ place }) => [place, []]));
  for (const larger of [...places].sort((a, b) => sizeOf(a) - sizeOf(b))) {
    const same = places.filter((smaller) => sizeOf(smaller) < sizeOf(larger) && isSame(smaller, larger));
    const [only, ...others] = same.filter(({ place }) => shown.has(place));
    if (only === undefined || others.length > 0) continue;
    shown.get(only.place)?.push(larger.place);
    shown.delete(larger.place);
  }
  return places.flatMap((drift) => {
    const allOf = shown.get(drift.place);
    return allOf === undefined ? [] : [{ drift, allOf }];
  });
}

/** `pop:HEL`, or `pop:HEL, all of region:EU and global`. */
export function nameOfPlace({ drift, allOf }: ShownPlace): string {
  return allOf.length === 0 ? drift.place : `${drift.place}, all of ${allOf.join(' and ')}`;
}

function sizeOf({ place }: PlaceDrift): number {
  if (place === 'global') return 2;
  return place.startsWith('region:') ? 1 : 0;
}

/** Whether the same requests were counted and judged; nothing was counted at a place with neither window. */
function isSame({ place: _, ...one }: PlaceDrift, { place: __, ...other }: PlaceDrift): boolean {
  return (one.open !== null || one.window !== null) && JSON.stringify(one) === JSON.stringify(other);
}
