// Counts one feature of a tensor's rows into its bins. A counter is made once per version; counting allocates nothing and hardly
// branches.

import { equalBytes } from '../../../registry/bytes.ts';
import { figureOf, type Take } from '../../../registry/feature.ts';
import { type Datatype, elementCount } from '../../../registry/signature.ts';
import { elementsOf, type NumericDatatype } from '../../protocol/elements.ts';
import type { Tensor } from '../../protocol/tensor.ts';
import { readElement } from './element.ts';
import { type FeatureSlots, missingSlot, outsideSlot } from './layout.ts';

/** Counts the rows from `from` up to, but not including, `to`. */
export type CountFeature = (tensor: Tensor, from: number, to: number) => void;

/** Where counters count: each request into the counts of its caller. */
export interface CountSheet {
  /** In the layout that the slots belong to. */
  counts: Float64Array;
}

/** @param take that of the slots, which is one of a tensor's elements or figures */
export function featureCounter(slots: FeatureSlots, take: Take, datatype: Datatype, sheet: CountSheet): CountFeature {
  if (datatype === 'BYTES') return take === 'length' ? lengthCounter(slots, sheet) : textCounter(slots, take, sheet);
  const place = numberPlacer(slots, sheet);
  if (typeof take !== 'number' && take !== 'length') return summaryCounter(take, datatype, place);
  return ({ data, shape }, from, to) => {
    const size = rowSize(shape);
    // The row is shorter than those of the reference data, or a number is asked for its length: the value is missing.
    if (take === 'length' || take >= size) for (let row = from; row < to; row++) place(Number.NaN);
    else for (let row = from; row < to; row++) place(readElement(datatype, data as Uint8Array, row * size + take));
  };
}

export function rowSize(shape: readonly number[]): number {
  const rows = shape[0] ?? 1;
  return rows === 0 ? 0 : elementCount(shape) / rows;
}

export type PlaceNumber = (value: number) => void;

export function numberPlacer(slots: FeatureSlots, sheet: CountSheet): PlaceNumber {
  const { bins } = slots.baseline;
  const { at } = slots;
  const [missing, outside] = [missingSlot(slots), outsideSlot(slots)];
  if (bins.kind === 'categorical') {
    const categories = Float64Array.from(bins.categories, numberOfCategory);
    const other = categories.length;
    return (value) => {
      if (Number.isNaN(value)) return increment(sheet, missing);
      let bin = 0;
      while (bin < other && categories[bin] !== value) bin++;
      increment(sheet, at + bin);
      if (bin === other) increment(sheet, outside);
    };
  }
  const edges = Float64Array.from(bins.edges);
  const [low, high] = bins.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return (value) => {
    if (Number.isNaN(value)) return increment(sheet, missing);
    let bin = 0;
    while (bin < edges.length && value >= (edges[bin] as number)) bin++;
    increment(sheet, at + bin);
    if (value < low || value > high) increment(sheet, outside);
  };
}

/** Baselines name categories as texts, even if the tensor has numbers or booleans. */
function numberOfCategory(category: string): number {
  return category === 'true' ? 1 : category === 'false' ? 0 : Number(category);
}

function textCounter(slots: FeatureSlots, take: Take, sheet: CountSheet): CountFeature {
  const { bins } = slots.baseline;
  const texts = bins.kind === 'categorical' ? bins.categories.map((text) => new TextEncoder().encode(text)) : [];
  const { at } = slots;
  const [missing, outside] = [missingSlot(slots), outsideSlot(slots)];
  const column = typeof take === 'number' ? take : 0;
  return ({ data, shape }, from, to) => {
    const size = rowSize(shape);
    for (let row = from; row < to; row++) {
      const value = column < size ? (data[row * size + column] as Uint8Array) : undefined;
      if (value === undefined || value.length === 0) {
        increment(sheet, missing);
        continue;
      }
      let bin = 0;
      while (bin < texts.length && !equalBytes(texts[bin] as Uint8Array, value)) bin++;
      increment(sheet, at + bin);
      if (bin === texts.length) increment(sheet, outside);
    }
  };
}

/** Counts the characters of a text: the UTF-8 bytes that do not continue one. An empty text counts as missing. */
function lengthCounter(slots: FeatureSlots, sheet: CountSheet): CountFeature {
  const place = numberPlacer(slots, sheet);
  return ({ data, shape }, from, to) => {
    const size = rowSize(shape);
    for (let row = from; row < to; row++) {
      const text = data[row * size] as Uint8Array | undefined;
      let characters = 0;
      for (let index = 0; text !== undefined && index < text.length; index++) {
        if (((text[index] as number) & 0xc0) !== 0x80) characters++;
      }
      place(characters === 0 ? Number.NaN : characters);
    }
  };
}

type Figure = Exclude<Take, number | 'length'>;

/**
 * Summed rows are large and are sampled if they cost too much (see counting-plan.ts), so one view of the elements may be made.
 */
function summaryCounter(take: Figure, datatype: NumericDatatype, place: PlaceNumber): CountFeature {
  return ({ data, shape }, from, to) => {
    const size = rowSize(shape);
    const elements = elementsOf(datatype, data as Uint8Array);
    for (let row = from; row < to; row++) place(figureOf(take, elements, row * size, (row + 1) * size));
  };
}

export function increment({ counts }: CountSheet, slot: number): void {
  counts[slot] = (counts[slot] as number) + 1;
}
