// Two answers to one input held against each other.
import type { Tolerance } from '../../../worker/protocol/compare-elements.ts';
import type { RawTensor } from '../../../worker/protocol/raw-frame.ts';
import { defaultTolerance } from '../../publish/settings.ts';

export interface Difference {
  /** Of all elements, as they are. */
  readonly largest: number;
  /** Elements that differ by more than the tolerance. */
  readonly beyondTolerance: number;
  readonly elements: number;
}

/**
 * @param toleranceOf an output: |a - b| <= absolute + relative * |b|; by default that of publishing
 * @throws Error where an output is missing or of another shape
 */
export function differenceOf(
  expected: readonly RawTensor[],
  actual: readonly RawTensor[],
  toleranceOf: (output: string) => Tolerance = () => defaultTolerance,
): Difference {
  let largest = 0;
  let beyondTolerance = 0;
  let elements = 0;
  for (const output of expected) {
    const [wanted, got] = [floatsOf(output), floatsOf(sameOutput(output, actual))];
    const tolerance = toleranceOf(output.name);
    elements += wanted.length;
    wanted.forEach((value, index) => {
      const apart = Math.abs(value - (got[index] ?? Number.NaN));
      // Not a number on one side only is never within the tolerance.
      if (!(apart <= tolerance.absolute + tolerance.relative * Math.abs(value))) beyondTolerance++;
      largest = Math.max(largest, apart);
    });
  }
  return { largest, beyondTolerance, elements };
}

/** Is the largest of the last dimension the same one everywhere? */
export function sameClasses(
  expected: readonly RawTensor[],
  actual: readonly RawTensor[],
  outputs: readonly string[],
): boolean {
  return expected
    .filter(({ name }) => outputs.includes(name))
    .every((output) => String(classesOf(output)) === String(classesOf(sameOutput(output, actual))));
}

function sameOutput({ name, shape }: RawTensor, actual: readonly RawTensor[]): RawTensor {
  const other = actual.find((each) => each.name === name);
  if (String(other?.shape) !== String(shape)) {
    throw new Error(`output '${name}': expected [${shape}], got ${other === undefined ? 'none' : `[${other.shape}]`}`);
  }
  return other as RawTensor;
}

function classesOf(output: RawTensor): number[] {
  const values = floatsOf(output);
  const size = output.shape.at(-1) ?? 1;
  return Array.from({ length: values.length / size }, (_, row) => {
    const scores = values.subarray(row * size, (row + 1) * size);
    return scores.indexOf(scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY));
  });
}

function floatsOf({ name, data }: RawTensor): Float32Array {
  if (!(data instanceof Uint8Array)) throw new Error(`output '${name}': expected numbers`);
  return new Float32Array(data.slice().buffer as ArrayBuffer);
}
