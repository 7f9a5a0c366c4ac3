// Non-maximum suppression: of boxes of one class that overlap, the one that scores best.
import { type Corners, overlap } from './overlap.ts';

export interface Scored {
  readonly corners: Corners;
  readonly score: number;
  /** Number of its class. */
  readonly label: number;
}

/**
 * Boxes that no better one of their class overlaps, one by one: whoever has enough stops asking.
 * @param boxes the highest score first
 * @param iou two boxes overlap if their intersection over union is above it; null: none do
 */
export function* suppress(boxes: Iterable<Scored>, iou: number | null): Generator<Scored> {
  const kept = new Map<number, Corners[]>();
  for (const box of boxes) {
    const own = kept.get(box.label) ?? [];
    if (iou !== null && own.some((better) => overlap(better, box.corners) > iou)) continue;
    kept.set(box.label, own);
    own.push(box.corners);
    yield box;
  }
}
