// Triton's classification extension: the highest values of an output, named, instead of the tensor.
import type { Labels } from '../../registry/classifier.ts';
import { invalid } from '../../registry/errors.ts';
import { elementCount } from '../../registry/signature.ts';
import { quote } from './describe.ts';
import { elementsOf } from './elements.ts';
import { shortestFloat32 } from './shortest-float32.ts';
import type { Tensor } from './tensor.ts';

function numbersOf(output: Tensor): ArrayLike<number | bigint> {
  const { datatype, data } = output;
  if (!(data instanceof Uint8Array) || datatype === 'BYTES' || datatype === 'BOOL') {
    throw invalid(`output ${quote(output.name)}: classification needs numbers, the output is ${datatype}`);
  }
  const elements = elementsOf(datatype, data);
  return elements instanceof Float32Array ? shortestFloat32(elements) : elements;
}

/** Descending; NaN after all numbers, equal values by index. */
function compare(a: number | bigint, b: number | bigint): number {
  if (a > b) return -1;
  if (a < b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

/**
 * @param output numbers; of two dimensions and more the first is the batch and all others together are the classes
 * @param count how many to name at most, 1 or more
 * @param labels names of the classes, if known
 * @returns BYTES `[batch, N]`, or `[N]` for an output of one dimension or none: `value:index` or `value:index:label`
 */
export function classify(output: Tensor, count: number, labels: Labels | undefined): Tensor {
  const values = numbersOf(output);
  const [batch, ...rest] = output.shape.length > 1 ? output.shape : [1, ...output.shape];
  const classes = elementCount(rest);
  const kept = Math.min(count, classes);
  const encoder = new TextEncoder();
  const data: Uint8Array[] = [];
  for (let row = 0; row < (batch ?? 1); row++) {
    const valueAt = (index: number) => values[row * classes + index] ?? 0;
    const order = Uint32Array.from({ length: classes }, (_, index) => index);
    order.sort((a, b) => compare(valueAt(a), valueAt(b)) || a - b);
    for (const index of order.subarray(0, kept)) {
      const label = labels?.[index];
      data.push(encoder.encode(`${valueAt(index)}:${index}${label === undefined ? '' : `:${label}`}`));
    }
  }
  const shape = output.shape.length > 1 ? [batch ?? 1, kept] : [kept];
  return { name: output.name, datatype: 'BYTES', shape, data };
}
