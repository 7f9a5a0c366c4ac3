// Do the runtime that serves and native onnxruntime say the same about the test data?
import { equalBytes, joinBytes } from '../../registry/bytes.ts';
import { isFloat } from '../../registry/signature.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { compareAnswers, type OutputTolerance } from '../inspect/compare.ts';
import type { Answer } from './answers.ts';

/** One row of a thousand may have scores so even that their last bits decide the label. */
const mostTies = 0.001;

/**
 * @param native the same runs in native onnxruntime
 * @returns what differs beyond the tolerance, or null
 */
export function disagreement(
  answers: readonly Answer[],
  native: readonly Answer[],
  tolerance: OutputTolerance,
): string | null {
  let rows = 0;
  let otherLabels = 0;
  let hasScores = false;
  for (const [index, { from, to, outputs }] of answers.entries()) {
    const expected = native[index]?.outputs ?? [];
    const scores = expected.filter(({ datatype }) => isFloat(datatype));
    const difference = compareAnswers(scores, outputs, tolerance);
    if (difference !== null) return `rows ${from + 1} to ${to}: ${difference}`;
    hasScores ||= scores.length > 0;
    rows += to - from;
    otherLabels +=
      to -
      from -
      equalRows(
        expected.filter((output) => !scores.includes(output)),
        outputs,
        to - from,
      );
  }
  if (otherLabels === 0 || (hasScores && otherLabels <= rows * mostTies)) return null;
  return `other labels in ${otherLabels} of ${rows} rows`;
}

/** Rows in which all of the expected outputs are the same. */
function equalRows(expected: readonly Tensor[], actual: readonly Tensor[], rows: number): number {
  const isEqual = (row: number) =>
    expected.every((output) => {
      const other = actual.find(({ name }) => name === output.name);
      return other !== undefined && equalBytes(rowBytes(output, row, rows), rowBytes(other, row, rows));
    });
  return Array.from({ length: rows }, (_, row) => isEqual(row)).filter(Boolean).length;
}

function rowBytes({ data }: Tensor, row: number, rows: number): Uint8Array {
  const size = data.length / rows;
  const part = data.slice(row * size, (row + 1) * size);
  return part instanceof Uint8Array ? part : joinBytes(part as Uint8Array[]);
}
