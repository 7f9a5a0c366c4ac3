// Are two answers the same within a tolerance? Floats by |a - b| <= absolute + relative * |b|, everything else exactly.
import { isFloat } from '../../registry/signature.ts';
import { compareElements, exactly, firstOtherString, type Tolerance } from '../../worker/protocol/compare-elements.ts';
import { elementsOf, type NumericDatatype } from '../../worker/protocol/elements.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';

/** Of all outputs, or of each by its name. */
export type OutputTolerance = Tolerance | ((output: string) => Tolerance);

/**
 * @param expected each of these must be in `actual`, by name
 * @returns what differs most, in one sentence part ("output 'y', element 3: 0.5 instead of 0.4"), or null
 */
export function compareAnswers(
  expected: readonly Tensor[],
  actual: readonly Tensor[],
  tolerance: OutputTolerance,
): string | null {
  for (const output of expected) {
    const other = actual.find(({ name }) => name === output.name);
    const allowed = typeof tolerance === 'function' ? tolerance(output.name) : tolerance;
    const difference = other ? compareTensors(output, other, allowed) : 'is missing';
    if (difference !== null) return `output '${output.name}' ${difference}`;
  }
  return null;
}

/** Are two answers of one kind, whatever they say? That is all that can be asked of a model that draws random numbers. */
export function compareForms(expected: readonly Tensor[], actual: readonly Tensor[]): string | null {
  const formOf = ({ datatype, shape }: Tensor) => `${datatype} of ${shape.length} dimensions`;
  for (const output of expected) {
    const other = actual.find(({ name }) => name === output.name);
    if (other === undefined) return `output '${output.name}' is missing`;
    const [wanted, got] = [formOf(output), formOf(other)];
    if (wanted !== got) return `output '${output.name}' is ${got} instead of ${wanted}`;
  }
  return null;
}

function compareTensors(expected: Tensor, actual: Tensor, tolerance: Tolerance): string | null {
  const [wanted, got] = [expected, actual].map(({ datatype, shape }) => `${datatype} [${shape}]`);
  if (wanted !== got) return `is ${got} instead of ${wanted}`;
  if (!(expected.data instanceof Uint8Array) || !(actual.data instanceof Uint8Array)) {
    return compareStrings(expected.data as readonly Uint8Array[], actual.data as readonly Uint8Array[]);
  }
  const datatype = expected.datatype as NumericDatatype;
  const [numbers, others] = [elementsOf(datatype, expected.data), elementsOf(datatype, actual.data)];
  const areFloats = isFloat(datatype);
  const differences = compareElements(numbers, others, areFloats ? tolerance : exactly);
  if (differences === null) return null;
  const { count, worst, largest } = differences;
  const shown = (value: number | bigint | undefined, digits: number) =>
    areFloats ? Number(value).toPrecision(digits) : String(value);
  const values = `${shown(others[worst], 6)} instead of ${shown(numbers[worst], 6)}`;
  return `differs at ${count} of ${numbers.length} elements, most at element ${worst}: ${values} (${shown(largest, 3)})`;
}

function compareStrings(expected: readonly Uint8Array[], actual: readonly Uint8Array[]): string | null {
  const at = firstOtherString(expected, actual);
  if (at === -1) return null;
  const [wanted, got] = [expected[at], actual[at]].map((bytes) => JSON.stringify(new TextDecoder().decode(bytes)));
  return `differs at element ${at}: ${got} instead of ${wanted}`;
}
