// The tensors of a message, `inputs` or `outputs`: their JSON entries together with the binary part.
import { invalid, PopserveError } from '../../registry/errors.ts';
import { decodeBinaryData } from './binary.ts';
import type { Admit } from './check-inputs.ts';
import { decodeDataSlice } from './data-slice.ts';
import { decodeJsonData } from './decode-json-data.ts';
import { describeValue, quote } from './describe.ts';
import {
  countElements,
  isAbsent,
  type JsonObject,
  readArray,
  readDatatype,
  readObject,
  readParameters,
  readShape,
  readString,
  refuseSharedMemory,
} from './fields.ts';
import type { ParsedJson } from './json.ts';
import { NotJson } from './slice-reader.ts';
import type { Tensor, TensorHead } from './tensor.ts';

/** Hands out the binary part tensor by tensor. */
class BinaryPart {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  take(size: unknown, where: string): Uint8Array {
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      throw invalid(`${where}: binary_data_size is ${describeValue(size)}, expected a number of bytes`);
    }
    const left = this.bytes.length - this.at;
    if (size > left) {
      throw invalid(
        `${where}: binary_data_size is ${size}, but ${left} bytes of the body are left behind the JSON part and the tensors before it (Inference-Header-Content-Length tells where the JSON part ends)`,
      );
    }
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  finish(): void {
    if (this.at === this.bytes.length) return;
    throw invalid(`the binary part has ${this.bytes.length} bytes, its tensors' binary_data_size add up to ${this.at}`);
  }
}

/** A string is an object of its own, so it counts as so many numbers. */
export const stringPrice = 64;

function countWithin(shape: readonly number[], where: string, left: number, maxElements: number): number {
  const count = countElements(shape, where);
  // A dimension beside a zero counts as well: what loops over it would never end.
  const most = shape.reduce((largest, dimension) => Math.max(largest, dimension), 0);
  if (count <= left && most <= maxElements) return count;
  throw new PopserveError(
    'TOO_LARGE',
    `${where}: too many elements, the limit of all tensors together is ${maxElements}, in which a string counts as ${stringPrice}`,
  );
}

/**
 * @param kind which key of the message holds the tensors
 * @param binary what follows the JSON part
 * @param limits `taken` says the shape under which a tensor is taken, for one that may come in another; `admit` refuses a tensor by its
 *   head, before its elements are read
 * @throws PopserveError INVALID_ARGUMENT naming the tensor at fault; TOO_LARGE beyond the limits, before memory is taken
 */
export function decodeTensors(
  kind: 'input' | 'output',
  json: ParsedJson,
  binary: Uint8Array,
  limits: {
    readonly maxTensors: number;
    readonly maxElements: number;
    readonly taken?: (tensor: TensorHead) => readonly number[];
    readonly admit?: Admit | undefined;
  },
): Tensor[] {
  const key = `${kind}s`;
  const entries = readArray(readObject(json.value, 'the JSON part')[key], `'${key}'`);
  if (entries.length > limits.maxTensors) {
    throw new PopserveError('TOO_LARGE', `'${key}' has ${entries.length} tensors, the limit is ${limits.maxTensors}`);
  }
  const part = new BinaryPart(binary);
  const names = new Set<string>();
  let left = limits.maxElements;
  const tensors = entries.map((value, index): Tensor => {
    const entry = readObject(value, `${key}[${index}]`);
    const name = readString(entry.name, `${key}[${index}].name`);
    const where = `${kind} ${quote(name)}`;
    if (names.has(name)) throw invalid(`${where}: given twice`);
    names.add(name);
    const datatype = readDatatype(entry.datatype, where);
    const shape = readShape(entry.shape, where, (axis) => json.sourceAt([key, index, 'shape', axis]));
    const price = datatype === 'BYTES' ? stringPrice : 1;
    const count = countWithin(shape, where, left / price, limits.maxElements);
    left -= count * price;
    const taken = limits.taken?.({ name, datatype, shape }) ?? shape;
    limits.admit?.({ name, datatype, shape: taken });
    const parameters = readParameters(entry.parameters, `${where}: parameters`);
    refuseSharedMemory(parameters, where);
    const size = parameters.binary_data_size;
    if (isAbsent(entry.data) === (size === undefined)) {
      throw invalid(
        `${where}: expected either 'data' or 'binary_data_size', got ${size === undefined ? 'neither' : 'both'}`,
      );
    }
    const target = { where, datatype, shape, count };
    const whole = (data: Tensor['data']): Tensor => ({ name, datatype, shape: taken, data });
    if (size !== undefined) return whole(decodeBinaryData({ datatype, shape }, count, part.take(size, where), where));
    const slice = json.sliceOf(entry.data);
    if (slice !== null) {
      try {
        return whole(decodeDataSlice(target, slice));
      } catch (error) {
        throw error instanceof NotJson ? json.fault() : error;
      }
    }
    const exact = () => ((json.exact() as JsonObject)[key] as readonly JsonObject[])[index]?.data;
    return whole(decodeJsonData(target, entry.data, exact));
  });
  part.finish();
  return tensors;
}
