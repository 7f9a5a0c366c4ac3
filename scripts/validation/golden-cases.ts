// Which inputs become golden vectors, with which answers: rows of judged test data over all classes, since the first rows of a sorted
// file are of one class only.
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { compareAnswers, type OutputTolerance } from '../inspect/compare.ts';
import { runNative } from '../inspect/native.ts';
import { type GoldenCase, mostGoldenCases } from '../publish/golden.ts';
import type { Original } from '../publish/original.ts';
import type { Source } from '../publish/source.ts';
import { batchSize } from './answers.ts';
import type { Predictions } from './task.ts';
import type { TestData } from './test-data.ts';

/** A replay sends each case by itself. */
const mostRows = 32;
/** A regression has rows near so many values of the target, evenly spaced over its range. */
const targets = 8;

export interface GoldenCases {
  readonly cases: readonly GoldenCase[];
  /** How many of them have the served runtime's answers, because native onnxruntime's are others. */
  readonly served: number;
}

/**
 * The samples, and rows over the classes or the range of the target where test data was judged. A replay asks the served runtime, so
 * where native onnxruntime differs from it beyond the tolerance (it rounds 4-bit weights otherwise) the served runtime's answers count.
 * @param references answers of native onnxruntime to the samples; null if it gave none, so that the served runtime's count
 * @param ask what the served form of the model answers
 */
export async function goldenCases(
  source: Source,
  { samples, signature, areGiven }: Original,
  references: readonly (readonly Tensor[])[] | null,
  judged: { readonly test: TestData; readonly predictions: Predictions } | null,
  settings: { readonly timeoutMs: number; readonly memoryLimitMib: number; readonly tolerance: OutputTolerance },
  ask: (inputs: readonly Tensor[]) => Promise<readonly Tensor[]>,
): Promise<GoldenCases> {
  const { timeoutMs, memoryLimitMib: memoryMib, tolerance } = settings;
  const settle = (each: GoldenCase, own: readonly Tensor[]): Settled =>
    compareAnswers(each.outputs, own, tolerance) === null
      ? { case: each, isServed: false }
      : { case: { inputs: each.inputs, outputs: own }, isServed: true };
  const cases = samples.map(({ inputs, outputs }, index): Settled => {
    const reference = references?.[index];
    return reference === undefined
      ? { case: { inputs, outputs }, isServed: true }
      : settle({ inputs, outputs: reference }, outputs);
  });
  const first = cases[0]?.case;
  const { rows: rowsOfRun, isFixed } = batchSize(signature);
  // A model that insists on a batch has its first batch.
  if (judged === null || first === undefined || (isFixed && rowsOfRun > 1)) return counted(cases);
  const { test, predictions } = judged;
  const rows = goldenRows(predictions, mostGoldenCases(first));
  if (rows.length === 0) return counted(cases);
  const inputs = await Promise.all(rows.map(async (row) => test.inputs(row, row + 1)));
  const { references: outputs } = await runNative({
    model: source.model,
    format: source.format,
    convert: false,
    samples: inputs.map((each) => async () => each),
    limits: { timeoutMs, memoryMib },
  });
  if ('fault' in outputs) return counted(cases);
  const chosen: Settled[] = [];
  for (const [index, each] of inputs.entries()) {
    chosen.push(settle({ inputs: each, outputs: outputs[index] ?? [] }, await ask(each)));
  }
  // The first sample of test data is a row like these; the second is a batch, and stays.
  return counted(areGiven ? [...cases, ...chosen] : [...chosen, ...cases.slice(1)]);
}

interface Settled {
  readonly case: GoldenCase;
  readonly isServed: boolean;
}

function counted(cases: readonly Settled[]): GoldenCases {
  return { cases: cases.map((each) => each.case), served: cases.filter(({ isServed }) => isServed).length };
}

/**
 * The first row of each class that is told right, or the rows nearest to evenly spaced values of the target.
 * @param most rows at most; of more classes some are left out, evenly
 * @returns indices of rows, the same for the same predictions
 */
export function goldenRows(predictions: Predictions, most = mostRows): number[] {
  const limit = Math.min(most, mostRows);
  if (limit < 1) return [];
  return predictions.task === 'regression' ? overRange(predictions.truth, limit) : overClasses(predictions, limit);
}

function overClasses({ truth, predicted }: Pick<Predictions, 'truth' | 'predicted'>, limit: number): number[] {
  const first = new Map<number, number>();
  for (const [row, truly] of truth.entries()) {
    if (predicted[row] === truly && !first.has(truly)) first.set(truly, row);
  }
  const rows = [...first].sort(([a], [b]) => a - b).map(([, row]) => row);
  return spread(rows.length, limit).map((at) => rows[at] ?? 0);
}

function overRange(truth: readonly number[], limit: number): number[] {
  const known = [...truth.keys()].filter((row) => Number.isFinite(truth[row]));
  const at = (row: number) => truth[row] ?? Number.NaN;
  const [low, high] = known.reduce(
    ([least, largest], row) => [Math.min(least, at(row)), Math.max(largest, at(row))],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  const count = Math.min(targets, limit);
  const rows = Array.from({ length: count }, (_, step) => {
    const target = count === 1 ? low : low + ((high - low) * step) / (count - 1);
    return known.reduce(
      (best, row) => (Math.abs(at(row) - target) < Math.abs(at(best) - target) ? row : best),
      known[0] ?? -1,
    );
  });
  return [...new Set(rows)].filter((row) => row !== -1);
}

/** @returns `limit` or fewer places of `count`, from the first to the last, evenly */
function spread(count: number, limit: number): number[] {
  if (count <= limit) return Array.from({ length: count }, (_, at) => at);
  return Array.from({ length: limit }, (_, step) => Math.floor((step * count) / limit));
}
