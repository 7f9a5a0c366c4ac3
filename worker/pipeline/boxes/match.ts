// Which objects of two answers are the same: of one label, with boxes that overlap enough.
import type { Box, DetectedObject } from '../../../registry/api/task-answers.ts';
import { type Corners, overlap } from './overlap.ts';

export interface MatchedObjects {
  readonly pairs: readonly (readonly [DetectedObject, DetectedObject])[];
  readonly onlyFirst: readonly DetectedObject[];
  readonly onlySecond: readonly DetectedObject[];
}

/**
 * Each of the first, the highest score first, takes the one that overlaps it most of those that are left.
 * @param least intersection over union of two boxes that are the same
 */
export function matchObjects(
  first: readonly DetectedObject[],
  second: readonly DetectedObject[],
  least: number,
): MatchedObjects {
  const left = new Set(second);
  const pairs: (readonly [DetectedObject, DetectedObject])[] = [];
  const onlyFirst: DetectedObject[] = [];
  for (const object of first) {
    const corners = cornersOfBox(object.box);
    let found: DetectedObject | undefined;
    let best = least;
    for (const other of left) {
      if (other.label !== object.label) continue;
      const shared = overlap(corners, cornersOfBox(other.box));
      if (shared < best || (found !== undefined && shared === best)) continue;
      [found, best] = [other, shared];
    }
    if (found === undefined) {
      onlyFirst.push(object);
    } else {
      left.delete(found);
      pairs.push([object, found]);
    }
  }
  return { pairs, onlyFirst, onlySecond: [...left] };
}

export function cornersOfBox({ xmin, ymin, xmax, ymax }: Box): Corners {
  return [xmin, ymin, xmax, ymax];
}
