// What of a tensor counts as a feature. A row is what axis 0 counts; of small rows every element is a feature, of large ones
// (images, audio, embeddings) a few figures that sum the row up. Pure; used on reference data and on live tensors alike.
import * as z from 'zod';
import type { FeatureValue } from './binning.ts';
import { elementCount, type TensorSpec } from './signature.ts';

export const takeSchema = z.union([
  /** The element at this place of each row. */
  z.int().min(0),
  /**
   * Of a row of numbers: `mean`, `contrast` (standard deviation), `energy` (mean square), `argmax` (place of the largest, as a
   * category), `max`; of a text: `length` in characters.
   */
  z.enum(['mean', 'contrast', 'energy', 'argmax', 'max', 'length']),
]);

export type Take = z.infer<typeof takeSchema>;

/** The elements of a tensor as plain values, in row-major order. */
export interface FeatureTensor {
  readonly shape: readonly number[];
  readonly elements: ArrayLike<number> | ArrayLike<bigint> | ArrayLike<string>;
}

/** Rows of a large tensor, summed up: one value a row of each figure. */
export interface SummedRows {
  readonly sums: Readonly<Record<(typeof summaries)[number], readonly FeatureValue[]>>;
}

export type ReferenceRows = FeatureTensor | SummedRows;

/** Rows of more elements are summed up. */
const mostElements = 64;
/** Of so many classes each one's score is a feature. */
const mostScores = 8;

export const summaries = ['mean', 'contrast', 'energy'] as const satisfies Take[];

export function rowCount(shape: readonly number[]): number {
  return shape[0] ?? 1;
}

/** Elements of one row; null if that differs from request to request. */
export function rowElements({ shape }: Pick<TensorSpec, 'shape'>): number | null {
  const row = shape.slice(1);
  return row.includes(-1) ? null : elementCount(row);
}

/**
 * The features of an input or output by its signature.
 * @param isScores its rows are scores of classes: what matters is which class is first, and by how much
 */
export function takesOf(spec: Pick<TensorSpec, 'datatype' | 'shape'>, isScores = false): Take[] {
  const elements = rowElements(spec);
  if (spec.datatype === 'BYTES') return elements === null || elements > mostElements ? [] : places(elements);
  if (isScores && elements !== null && elements > 1) {
    // Of two classes one says it all.
    if (elements === 2) return ['argmax', 1];
    return elements <= mostScores ? ['argmax', ...places(elements)] : ['argmax', 'max'];
  }
  return elements === null || elements > mostElements ? [...summaries] : places(elements);
}

/**
 * The value of a feature in each row of a tensor.
 * @returns NaN or '' where it is missing: the value itself, or any of those that a figure is made of
 */
export function featureValues(take: Take, { shape, elements }: FeatureTensor): FeatureValue[] {
  const rows = rowCount(shape);
  const size = rows === 0 ? 0 : elements.length / rows;
  const values: FeatureValue[] = [];
  for (let row = 0; row < rows; row++) {
    const start = row * size;
    values.push(
      typeof take === 'number' ? plain(elements[start + take]) : summarize(take, elements, start, start + size),
    );
  }
  return values;
}

/** What a baseline needs of a tensor: the figures where its rows are summed up, else the tensor itself. */
export function sumUp(spec: Pick<TensorSpec, 'datatype' | 'shape'>, tensor: FeatureTensor): ReferenceRows {
  if (!takesOf(spec).includes('mean')) return tensor;
  const [mean, contrast, energy] = summaries.map((take) => featureValues(take, tensor));
  return { sums: { mean: mean ?? [], contrast: contrast ?? [], energy: energy ?? [] } };
}

function summarize(take: Exclude<Take, number>, elements: FeatureTensor['elements'], from: number, to: number) {
  if (take === 'length') return Array.from(String(elements[from] ?? '')).length || '';
  if (take === 'argmax' || take === 'max') {
    const at = largestAt(elements, from, to);
    return at === -1 ? Number.NaN : take === 'max' ? Number(elements[at]) : at - from;
  }
  let sum = 0;
  let squares = 0;
  for (let index = from; index < to; index++) {
    const value = Number(elements[index]);
    sum += value;
    squares += value * value;
  }
  const count = to - from;
  if (take === 'mean') return sum / count;
  if (take === 'energy') return squares / count;
  return contrast(elements, from, to, sum / count);
}

/** In a second pass: the difference of two large sums would lose what a bright, even picture has of it. */
function contrast(elements: FeatureTensor['elements'], from: number, to: number, mean: number): number {
  let squares = 0;
  for (let index = from; index < to; index++) squares += (Number(elements[index]) - mean) ** 2;
  return Math.sqrt(squares / (to - from));
}

/** The first of the largest; -1 if any is NaN, or there are none. */
function largestAt(elements: FeatureTensor['elements'], from: number, to: number): number {
  let at = -1;
  let largest = Number.NEGATIVE_INFINITY;
  for (let index = from; index < to; index++) {
    const value = Number(elements[index]);
    if (Number.isNaN(value)) return -1;
    if (at === -1 || value > largest) [at, largest] = [index, value];
  }
  return at;
}

function plain(value: number | bigint | string | undefined): FeatureValue {
  if (value === undefined) return Number.NaN;
  return typeof value === 'bigint' ? Number(value) : value;
}

function places(elements: number): number[] {
  return Array.from({ length: elements }, (_, index) => index);
}
