// Counts the features of pictures, texts and their answers into their bins. A counter is made once per version.
import { type ItemFeatures, isItemTake } from '../../../registry/feature.ts';
import { type CountSheet, increment, numberPlacer } from './count-feature.ts';
import { type FeatureKind, type FeatureSlots, type Layout, missingSlot, outsideSlot } from './layout.ts';

/** What is counted of one picture or text that was answered. */
export interface CountedItem {
  readonly item: ItemFeatures;
  readonly answer: ItemFeatures;
}

export type CountedItems = () => readonly CountedItem[];

export type CountItem = (item: CountedItem) => void;

/** @returns one for each feature of an item or an answer that the layout has */
export function itemCounters({ features }: Layout, sheet: CountSheet): CountItem[] {
  return features.flatMap((slots): CountItem[] => {
    const { take } = slots.baseline;
    if (!isItemTake(take)) return [];
    const part = partOf[slots.kind];
    const place = placer(slots, sheet);
    return [(item) => place(item[part][take.item])];
  });
}

const partOf = { input: 'item', output: 'answer' } as const satisfies Record<FeatureKind, keyof CountedItem>;

function placer(slots: FeatureSlots, sheet: CountSheet): (value: number | string | undefined) => void {
  const { bins } = slots.baseline;
  if (bins.kind === 'numeric') {
    const place = numberPlacer(slots, sheet);
    return (value) => place(typeof value === 'number' ? value : Number.NaN);
  }
  const binOf = new Map(bins.categories.map((category, bin) => [category, bin]));
  return (value) => {
    if (value === undefined || value === '' || Number.isNaN(value)) return increment(sheet, missingSlot(slots));
    const bin = binOf.get(String(value));
    increment(sheet, slots.at + (bin ?? bins.categories.length));
    if (bin === undefined) increment(sheet, outsideSlot(slots));
  };
}
