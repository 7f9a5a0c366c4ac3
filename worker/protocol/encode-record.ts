// One row of a model's tensors as JSON: its inputs as the plain record that decode-records.ts would read, its outputs by name.
import { elementBytes, elementCount } from '../../registry/signature.ts';
import { columnsOf, type RecordModel } from './decode-records.ts';
import { quote } from './describe.ts';
import { elementTexts, nestTexts } from './json-rows.ts';
import type { Tensor } from './tensor.ts';

/** Rows of a request: what axis 0 counts where all inputs agree on it, else one, the request as a whole. */
export function recordCount(inputs: readonly Tensor[]): number {
  const rows = inputs[0]?.shape[0] ?? 1;
  return inputs.every(({ shape }) => shape[0] === rows) ? rows : 1;
}

/** Characters that {@link encodeRecord} and {@link encodeOutputs} take of a row at least: known before anything is written. */
export function leastCharacters(tensors: readonly Tensor[], row: number, rows: number): number {
  return tensors.reduce((sum, tensor) => {
    const { shape, data } = rowOf(tensor, row, rows);
    const texts = data instanceof Uint8Array ? 0 : data.reduce((bytes, text) => bytes + text.length, 0) / 3;
    return sum + 2 * elementCount(shape) + texts;
  }, 0);
}

/**
 * @param row of `rows`, as {@link recordCount} counts them
 * @returns `{"feature": value, …}`; NaN and infinities as null
 * @throws PopserveError INVALID_ARGUMENT if a BYTES element is not UTF-8
 */
export function encodeRecord(model: RecordModel, inputs: readonly Tensor[], row: number, rows: number): string {
  const byName = new Map(inputs.map((tensor) => [tensor.name, tensor]));
  const fields = columnsOf(model).flatMap(({ spec, features }) => {
    const tensor = byName.get(spec.name);
    if (tensor === undefined) return [];
    const own = rowOf(tensor, row, rows);
    const texts = elementTexts(own, `input ${quote(spec.name)}`);
    if (features) return texts.map((text, index) => `${JSON.stringify(features[index])}:${text}`);
    return [field(own, texts)];
  });
  return `{${fields.join(',')}}`;
}

/** As {@link encodeRecord}. */
export function encodeOutputs(outputs: readonly Tensor[], row: number, rows: number): string {
  const fields = outputs.map((tensor) => {
    const own = rowOf(tensor, row, rows);
    return field(own, elementTexts(own, `output ${quote(tensor.name)}`));
  });
  return `{${fields.join(',')}}`;
}

/** A single element is written alone, not as an array of one. */
function field({ name, shape }: Tensor, texts: readonly string[]): string {
  return `${JSON.stringify(name)}:${texts.length === 1 ? texts[0] : nestTexts(texts, shape)}`;
}

/** A view on a row, or on the whole tensor where it has no such rows. */
function rowOf(tensor: Tensor, row: number, rows: number): Tensor {
  const { datatype, data } = tensor;
  if (tensor.shape[0] !== rows) return tensor;
  const shape = tensor.shape.slice(1);
  const size = elementCount(shape) * (data instanceof Uint8Array ? elementBytes[datatype] : 1);
  const [from, to] = [row * size, (row + 1) * size];
  return { ...tensor, shape, data: data instanceof Uint8Array ? data.subarray(from, to) : data.slice(from, to) };
}
