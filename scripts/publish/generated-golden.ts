// Golden vectors of models whose inputs or outputs are too large to be kept: how their inputs are made, and some of the elements of
// their outputs.
import { elementBytes, elementCount, isFloat, type TensorSpec } from '../../registry/signature.ts';
import { elementsOf, type NumericDatatype } from '../../worker/protocol/elements.ts';
import { encodeJsonData } from '../../worker/protocol/encode-json-data.ts';
import { encodeTensor } from '../../worker/protocol/encode-tensor.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { sampleTensor, type ValueStyle } from './sample-values.ts';
import type { ValueHint } from './value-hints.ts';

/** How the values of an input are made: the same on every machine, and in every later version of popserve. */
export interface MadeValues {
  readonly style: ValueStyle;
  readonly seed: number;
  readonly hint?: ValueHint | undefined;
}

export interface MadeInput extends TensorSpec {
  readonly values: MadeValues;
}

export interface GeneratedCase {
  readonly inputs: readonly MadeInput[];
  readonly outputs: readonly Tensor[];
}

/** Elements of an output that are kept. */
const mostElements = 1000;

/** @returns the tensor that the description stands for */
export function madeTensor({ name, datatype, shape, values }: MadeInput): Tensor {
  return sampleTensor({ name, datatype, shape }, values.style, values.seed, values.hint);
}

/**
 * `{"cases": [{"inputs": [{…, "values": {"style", "seed"}}], "outputs": [{…, "at": [0, 7], "data": […]}]}]}`: `at` has the places of the
 * elements that are kept, where those are not all.
 * @returns null if an output has no JSON form
 */
export function encodeGeneratedGolden(cases: readonly GeneratedCase[]): Uint8Array<ArrayBuffer> | null {
  try {
    const texts = cases.map(({ inputs, outputs }) => {
      const kept = outputs.map((output) => keptElements(output)).join(',');
      return `{"inputs":${JSON.stringify(inputs)},"outputs":[${kept}]}`;
    });
    return new TextEncoder().encode(`{"cases":[${texts.join(',')}]}`);
  } catch {
    // A string that is no UTF-8 has no JSON form.
    return null;
  }
}

function keptElements(output: Tensor): string {
  const { name, datatype, shape } = output;
  const what = `output '${name}'`;
  const at = placesOf(output);
  if (at.length === elementCount(shape)) return encodeTensor(output, false, what);
  const head = JSON.stringify({ name, datatype, shape, at }).slice(0, -1);
  return `${head},"data":${encodeJsonData(elementsAt(output, at), what)}}`;
}

/** Evenly spaced, the first and the last among them; JSON has no infinities. */
function placesOf({ datatype, shape, data }: Tensor): number[] {
  const count = elementCount(shape);
  const kept = Math.min(count, mostElements);
  const places = Array.from({ length: kept }, (_, index) => Math.floor((index * (count - 1)) / Math.max(1, kept - 1)));
  if (!isFloat(datatype) || !(data instanceof Uint8Array)) return places;
  const values = elementsOf(datatype, data);
  return places.filter((at) => Math.abs(Number(values[at])) !== Number.POSITIVE_INFINITY);
}

/** @returns these elements of a tensor, in a list */
export function elementsAt({ name, datatype, data }: Tensor, at: readonly number[]): Tensor {
  const shape = [at.length];
  if (!(data instanceof Uint8Array))
    return { name, datatype, shape, data: at.map((place) => data[place] ?? new Uint8Array()) };
  const size = elementBytes[datatype as NumericDatatype];
  const bytes = new Uint8Array(at.length * size);
  for (const [index, place] of at.entries()) bytes.set(data.subarray(place * size, (place + 1) * size), index * size);
  return { name, datatype, shape, data: bytes };
}
