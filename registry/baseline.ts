// The baseline of a version: how its inputs and outputs were distributed over reference data, in fixed bins. It is taken when the
// version is published and is part of its manifest; a point of presence counts live values into the same bins. It holds counts, no rows.
import * as z from 'zod';
import { inRows } from './batch.ts';
import {
  binCount,
  binCountsSchema,
  binsSchema,
  categoricalBins,
  countValues,
  type FeatureValue,
  looksCategorical,
  numericBins,
} from './binning.ts';
import { nameText } from './bounds.ts';
import { type DataReference, dataSchema } from './evaluation.ts';
import {
  featureValues,
  type ItemFeatures,
  itemTakeSchema,
  type ReferenceRows,
  rowElements,
  type Take,
  takeSchema,
  takesOf,
} from './feature.ts';
import { type Datatype, isFloat, type Signature, type TensorSpec } from './signature.ts';

/** A baseline travels with each route and takes some 150 bytes per feature. */
const mostFeatures = 256;

export const featureBaselineSchema = z
  .strictObject({
    /** A name for people: `torque`, `features[3]`, `picture.contrast`. */
    name: nameText,
    /** The input or output that it is taken from, or that the pipeline makes or reads. */
    tensor: nameText,
    take: z.union([takeSchema, itemTakeSchema]),
    bins: binsSchema,
    counts: binCountsSchema,
  })
  .refine(({ bins, counts }) => counts.bins.length === binCount(bins), {
    path: ['counts', 'bins'],
    message: 'expected one count for each bin',
  });

export const baselineSchema = z.strictObject({
  /** The data that it was taken from. */
  reference: dataSchema,
  inputs: z.array(featureBaselineSchema).max(mostFeatures),
  outputs: z.array(featureBaselineSchema).max(mostFeatures),
});

export type Baseline = z.infer<typeof baselineSchema>;
export type FeatureBaseline = z.infer<typeof featureBaselineSchema>;

export interface ReferenceTensors {
  /** The values of each input and output, by its name, run after run, in rows (`inRows` of batch.ts). */
  readonly tensors: ReadonlyMap<string, readonly ReferenceRows[]>;
  /** Names for the elements of a row, by input. */
  readonly names?: ReadonlyMap<string, readonly string[]>;
  /** Outputs that are scores of classes although they do not add up to 1. */
  readonly scores?: ReadonlySet<string>;
}

/**
 * Takes the baseline of a version from reference data.
 *
 * @example
 * const baseline = takeBaseline(manifest.signature, { tensors: new Map([['x', [{ shape: [2, 1], elements: [0.5, 1.5] }]]]) }, reference);
 *
 * @param reference names the test or training data that the tensors are from, by file and digest
 */
export function takeBaseline(signature: Signature, data: ReferenceTensors, reference: DataReference): Baseline {
  const { inputs, outputs } = signature;
  const featuresOf = (specs: readonly TensorSpec[], isOutput: boolean) =>
    specs.flatMap((spec) => tensorFeatures(inRows(spec, signature), data, isOutput)).slice(0, mostFeatures);
  return { reference, inputs: featuresOf(inputs, false), outputs: featuresOf(outputs, true) };
}

/** What was sent and answered of the reference data, item by item. */
export interface ReferenceItems {
  /** The input that the pipeline makes, and the features of each picture or text. */
  readonly input: string;
  readonly items: readonly ItemFeatures[];
  /** The output that the pipeline reads first, and the features of each answer. */
  readonly output: string;
  readonly answers: readonly ItemFeatures[];
}

/** Takes the baseline of a version with a pipeline: of its pictures or texts and its answers, not of its tensors. */
export function takeItemBaseline(data: ReferenceItems, reference: DataReference): Baseline {
  return {
    reference,
    inputs: itemFeatures(data.input, data.items),
    outputs: itemFeatures(data.output, data.answers),
  };
}

function itemFeatures(tensor: string, items: readonly ItemFeatures[]): FeatureBaseline[] {
  const names = [...new Set(items.flatMap((features) => Object.keys(features)))];
  return names.slice(0, mostFeatures).map((name) => {
    const values = items.map((features) => features[name] ?? '');
    const isNamed = values.some((value) => typeof value === 'string' && value !== '');
    return feature({ name, tensor, take: { item: name } }, values, isNamed ? 'BYTES' : 'FP64');
  });
}

function tensorFeatures(spec: TensorSpec, { tensors, names, scores }: ReferenceTensors, isOutput: boolean) {
  const given = tensors.get(spec.name) ?? [];
  if (given.length === 0) return [];
  const isScores = isOutput && (scores?.has(spec.name) || areShares(spec, given));
  return takesOf(spec, isScores).map((take) => {
    const name = featureName(spec, take, names?.get(spec.name));
    const values = given.flatMap((rows) => valuesOf(take, rows));
    if (spec.datatype !== 'BYTES' || looksCategorical(values)) {
      return feature({ name, tensor: spec.name, take }, values, spec.datatype);
    }
    const lengths = given.flatMap((rows) => valuesOf('length', rows));
    return feature({ name: `${name}.length`, tensor: spec.name, take: 'length' }, lengths, 'INT32');
  });
}

function valuesOf(take: Take, rows: ReferenceRows): readonly FeatureValue[] {
  if (!('sums' in rows)) return featureValues(take, rows);
  return take === 'mean' || take === 'contrast' || take === 'energy' ? rows.sums[take] : [];
}

function feature(
  what: Pick<FeatureBaseline, 'name' | 'tensor' | 'take'>,
  values: readonly FeatureValue[],
  datatype: Datatype,
): FeatureBaseline {
  const isNamed = datatype === 'BYTES' || what.take === 'argmax' || datatype === 'BOOL';
  const isMeasured = isFloat(datatype) || what.take === 'length' || !looksCategorical(values);
  const bins = isNamed || !isMeasured ? categoricalBins(values) : numericBins(values.map(numberOf));
  return { ...what, bins, counts: countValues(bins, values) };
}

/** A missing value is '' where other values are numbers. */
function numberOf(value: FeatureValue): number {
  return value === '' ? Number.NaN : Number(value);
}

function featureName({ name, shape }: TensorSpec, take: Take, names: readonly string[] | undefined): string {
  if (typeof take !== 'number') return `${name}.${take}`;
  return names?.[take] ?? (rowElements({ shape }) === 1 ? name : `${name}[${take}]`);
}

/** Rows that add up to 1 without a negative share: probabilities. */
function areShares(spec: TensorSpec, tensors: readonly ReferenceRows[]): boolean {
  const size = rowElements(spec);
  if (!isFloat(spec.datatype) || spec.shape.length !== 2 || size === null || size < 2) return false;
  return tensors.every((rows) => {
    if (!('elements' in rows)) return false;
    const { elements } = rows;
    for (let start = 0; start < elements.length; start += size) {
      let sum = 0;
      for (let index = start; index < start + size; index++) {
        const share = Number(elements[index]);
        if (!(share >= 0)) return false;
        sum += share;
      }
      if (Math.abs(sum - 1) > 1e-3) return false;
    }
    return true;
  });
}
