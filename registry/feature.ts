// Which values of a tensor are features. Axis 0 counts the rows. In small rows every element is a feature; large ones (images, audio,
// embeddings) are summed up by a few figures. Pure; the same for reference data and for live tensors.
import * as z from 'zod';
import type { FeatureValue } from './binning.ts';
import { nameText } from './bounds.ts';
import { elementCount, type TensorSpec } from './signature.ts';

export const takeSchema = z.union([
  /** The element at this place of each row. */
  z.int().min(0),
  /**
   * A figure of each row. For numbers: `mean`, `contrast` (standard deviation), `energy` (mean square), `argmax` (place of the
   * largest, as a category), `max`. For a text: `length` in characters.
   */
  z.enum(['mean', 'contrast', 'energy', 'argmax', 'max', 'length']),
]);

export type Take = z.infer<typeof takeSchema>;

/** A feature of a picture or a text, or of its answer, by its name: of versions with a pipeline. */
export const itemTakeSchema = z.strictObject({ item: nameText });

export type ItemTake = z.infer<typeof itemTakeSchema>;

export function isItemTake(take: Take | ItemTake): take is ItemTake {
  return typeof take === 'object';
}

/**
 * What is counted of one picture or text, or of its answer, by name: numbers, and categories as texts. NaN, '' and names that are left
 * out stand for missing values.
 */
export type ItemFeatures = Readonly<Record<string, FeatureValue>>;

/** The elements of a tensor as plain values, in row-major order. */
export interface FeatureTensor {
  readonly shape: readonly number[];
  readonly elements: ArrayLike<number> | ArrayLike<bigint> | ArrayLike<string>;
}

/** A large tensor, summed up: for each figure one value per row. */
export interface SummedRows {
  readonly sums: Readonly<Record<(typeof summaries)[number], readonly FeatureValue[]>>;
}

export type ReferenceRows = FeatureTensor | SummedRows;

/** Rows with more elements are summed up. */
const mostElements = 64;
/** Up to so many classes, each score is a feature. */
const mostScores = 8;

export const summaries = ['mean', 'contrast', 'energy'] as const satisfies Take[];

export function rowCount(shape: readonly number[]): number {
  return shape[0] ?? 1;
}

/** The number of elements of one row; null if it differs from request to request. */
export function rowElements({ shape }: Pick<TensorSpec, 'shape'>): number | null {
  const row = shape.slice(1);
  return row.includes(-1) ? null : elementCount(row);
}

/**
 * The features of an input or output by its signature.
 * @param isScores whether its rows are scores of classes: then the features tell which class is first, and by how much
 */
export function takesOf(spec: Pick<TensorSpec, 'datatype' | 'shape'>, isScores = false): Take[] {
  const elements = rowElements(spec);
  if (spec.datatype === 'BYTES') return elements === null || elements > mostElements ? [] : places(elements);
  if (isScores && elements !== null && elements > 1) {
    // With two classes, the score of one tells the other.
    if (elements === 2) return ['argmax', 1];
    return elements <= mostScores ? ['argmax', ...places(elements)] : ['argmax', 'max'];
  }
  return elements === null || elements > mostElements ? [...summaries] : places(elements);
}

/**
 * The value of a feature in each row of a tensor.
 * @returns one value per row; NaN or '' where the value is missing, or one of those that a figure is made of
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

/** The part of a tensor that a baseline needs: figures if its rows are summed up, otherwise the tensor itself. */
export function sumUp(spec: Pick<TensorSpec, 'datatype' | 'shape'>, tensor: FeatureTensor): ReferenceRows {
  if (!takesOf(spec).includes('mean')) return tensor;
  const [mean, contrast, energy] = summaries.map((take) => featureValues(take, tensor));
  return { sums: { mean: mean ?? [], contrast: contrast ?? [], energy: energy ?? [] } };
}

function summarize(take: Exclude<Take, number>, elements: FeatureTensor['elements'], from: number, to: number) {
  if (take === 'length') return Array.from(String(elements[from] ?? '')).length || '';
  return figureOf(take, elements, from, to);
}

/**
 * A figure of the numbers of one row. It makes no objects: the Worker counts live rows with it.
 * @returns NaN if one of the numbers is, or if there are none
 */
export function figureOf(
  take: Exclude<Take, number | 'length'>,
  elements: FeatureTensor['elements'],
  from: number,
  to: number,
): number {
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

/** Takes a second pass: the difference of two large sums would lose the small contrast of a bright, even picture. */
function contrast(elements: FeatureTensor['elements'], from: number, to: number, mean: number): number {
  let squares = 0;
  for (let index = from; index < to; index++) squares += (Number(elements[index]) - mean) ** 2;
  return Math.sqrt(squares / (to - from));
}

/** The place of the first largest element; -1 if any is NaN, or if there are none. */
function largestAt(elements: FeatureTensor['elements'], from: number, to: number): number {
  let at = -1;
  let largest = Number.NEGATIVE_INFINITY;
  for (let index = from; index < to; index++) {
    const value = Number(elements[index]);
    if (Number.isNaN(value)) return -1;
    if (at === -1 || value > largest) {
      at = index;
      largest = value;
    }
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
