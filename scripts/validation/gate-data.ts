// The data of one validation, read once: test rows, and reference rows where the baseline is taken from others.
import { PopserveError } from '../../registry/errors.ts';
import type { Signature } from '../../registry/signature.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { type Batch, batchesOf, batchSize } from './answers.ts';
import type { ValidationOptions } from './options.ts';
import { readData } from './read-data.ts';
import type { DataOptions, TestData } from './test-data.ts';

export interface GateData {
  readonly test: TestData | null;
  readonly testBatches: readonly Batch[];
  readonly reference: TestData | null;
}

/** The same data in the batches that a signature takes: which axis counts records is known only after the first runs. */
export function inBatches(data: GateData, signature: Signature): GateData {
  return { ...data, testBatches: data.test === null ? [] : batchesOf(data.test, batchSize(signature)) };
}

/** Rows of the second sample at most. */
const mostSampleRows = 8;

/**
 * @param own the version's own way to prepare pictures or texts, and whether it finds objects
 * @throws {PopserveError} INVALID_ARGUMENT for data that cannot be read or does not fit the model
 */
export async function readGateData(
  options: ValidationOptions,
  signature: Signature,
  own: Pick<DataOptions, 'image' | 'texts' | 'detects'> = {},
): Promise<GateData> {
  const { testData, reference } = options;
  const read = (data: DataOptions, needsTruth: boolean) => readData({ ...data, ...own }, signature, needsTruth);
  const test = testData === undefined ? null : await asTest(options, () => read(testData, true));
  const known = test === null ? {} : { known: test.names };
  return {
    test,
    testBatches: test === null ? [] : batchesOf(test, batchSize(signature)),
    reference: reference === undefined ? null : await asReference(() => read({ ...reference, ...known }, false)),
  };
}

/** Errors say which of two data files they are about. */
export function asTest<T>({ reference }: ValidationOptions, read: () => Promise<T>): Promise<T> {
  return reference === undefined ? read() : blaming('--test-data', read);
}

export function asReference<T>(read: () => Promise<T>): Promise<T> {
  return blaming('--reference', read);
}

async function blaming<T>(option: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof PopserveError)) throw cause;
    throw new PopserveError(cause.code, `${option}: ${cause.message}`, { cause });
  }
}

/**
 * Sample inputs: real rows make better golden vectors, warm-ups and timings than generated values.
 * @returns the first row and some after it, or one batch of as many rows as the model insists on
 */
export async function sampleInputs(
  { test, reference }: GateData,
  signature: Signature,
): Promise<readonly (readonly Tensor[])[]> {
  const data = test ?? reference;
  if (data === null) return [];
  const { rows, isFixed } = batchSize(signature);
  const total = data.reference.rows;
  if (isFixed && rows > 1) return rows <= total ? [await data.inputs(0, rows)] : [];
  const first = await data.inputs(0, 1);
  const end = Math.min(total, 1 + Math.min(mostSampleRows, rows));
  return end > 1 ? [first, await data.inputs(1, end)] : [first];
}
