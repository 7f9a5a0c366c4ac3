// The tensors of a message, `inputs` or `outputs`: their JSON entries together with the binary part.
import { invalid, PopserveError } from '../../registry/errors.ts';
import { decodeBinaryData } from './binary.ts';
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
import { readFloat32 } from './number-array.ts';
import type { Tensor } from './tensor.ts';

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

function countWithin(shape: readonly number[], where: string, left: number, maxElements: number): number {
  const count = countElements(shape, where);
  if (count <= left) return count;
  throw new PopserveError(
    'TOO_LARGE',
    `${where}: too many elements, the limit of all tensors together is ${maxElements}`,
  );
}

/**
 * @param kind which key of the message holds the tensors
 * @param binary what follows the JSON part
 * @throws PopserveError INVALID_ARGUMENT naming the tensor at fault; TOO_LARGE beyond the limits, before memory is taken
 */
export function decodeTensors(
  kind: 'input' | 'output',
  json: ParsedJson,
  binary: Uint8Array,
  limits: { readonly maxTensors: number; readonly maxElements: number },
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
    const shape = readShape(entry.shape, where);
    const count = countWithin(shape, where, left, limits.maxElements);
    left -= count;
    const parameters = readParameters(entry.parameters, `${where}: parameters`);
    refuseSharedMemory(parameters, where);
    const size = parameters.binary_data_size;
    if (isAbsent(entry.data) === (size === undefined)) {
      throw invalid(
        `${where}: expected either 'data' or 'binary_data_size', got ${size === undefined ? 'neither' : 'both'}`,
      );
    }
    if (size !== undefined) {
      return {
        name,
        datatype,
        shape,
        data: decodeBinaryData({ datatype, shape }, count, part.take(size, where), where),
      };
    }
    const numbers = json.numbersOf(entry.data);
    if (numbers !== null && datatype === 'FP32' && numbers.count === count) {
      const elements = readFloat32(numbers);
      if (elements !== null) return { name, datatype, shape, data: new Uint8Array(elements.buffer) };
    }
    const given = numbers === null ? entry.data : json.unpack(numbers);
    const exact = () => ((json.exact() as JsonObject)[key] as readonly JsonObject[])[index]?.data;
    return { name, datatype, shape, data: decodeJsonData({ where, datatype, shape, count }, given, exact) };
  });
  part.finish();
  return tensors;
}
