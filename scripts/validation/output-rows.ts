// The rows of an output over all runs, as numbers or as the text of a label.
import { elementsOf, type NumericDatatype } from '../../worker/protocol/elements.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';

/** @param tensors no BYTES */
export function numbersPerRow(tensors: readonly Tensor[]): number[][] {
  return tensors.flatMap(({ datatype, data, shape }) => {
    const elements = elementsOf(datatype as NumericDatatype, data as Uint8Array) as ArrayLike<number | bigint>;
    return cutRows(Array.from(elements, Number), shape);
  });
}

/** The first element of each row; truth values as `true` and `false`. */
export function textsPerRow(tensors: readonly Tensor[]): string[] {
  return tensors.flatMap(({ datatype, data, shape }) => {
    const elements =
      data instanceof Uint8Array
        ? Array.from(elementsOf(datatype as NumericDatatype, data) as ArrayLike<number | bigint>, (value) =>
            datatype === 'BOOL' ? String(Number(value) !== 0) : String(value),
          )
        : data.map((bytes) => new TextDecoder().decode(bytes));
    return cutRows(elements, shape).map(([text = '']) => text);
  });
}

function cutRows<T>(elements: readonly T[], shape: readonly number[]): T[][] {
  const rows = shape[0] ?? 1;
  const size = elements.length / rows;
  return Array.from({ length: rows }, (_, row) => elements.slice(row * size, (row + 1) * size));
}
