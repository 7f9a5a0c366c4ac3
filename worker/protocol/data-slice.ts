// The JSON form of a tensor's data, read straight from the bytes of the body into its raw elements, nested or flat. What this takes
// beside the body is the tensor alone, whatever the body holds; decode-json-data.ts reads values that were parsed elsewhere.
import { PopserveError } from '../../registry/errors.ts';
import { toBfloat16Bits } from './bfloat16.ts';
import { type DataTarget, floatFault, integerTypes } from './data-faults.ts';
import { findJsonFault } from './json-fault.ts';
import { type DataSlice, NotJson, SliceReader } from './slice-reader.ts';
import type { Tensor } from './tensor.ts';

/**
 * @param target name for messages, datatype, shape and the number of its elements, already bounded
 * @param base64 whether `{"b64": "…"}` may stand for a string's bytes, as in TensorFlow Serving
 * @throws {PopserveError} INVALID_ARGUMENT naming the first element or array at fault
 * @throws {NotJson} where the slice is not JSON
 */
export function decodeDataSlice(target: DataTarget, slice: DataSlice, base64 = false): Tensor['data'] {
  try {
    return decode(target, new SliceReader(target, slice), base64);
  } catch (error) {
    // Text that is not JSON is reported as such, wherever in the array it stands.
    if (error instanceof PopserveError && findJsonFault(slice.bytes, slice.start, slice.end)) throw new NotJson();
    throw error;
  }
}

function decode(target: DataTarget, reader: SliceReader, base64: boolean): Tensor['data'] {
  const { datatype, count } = target;
  switch (datatype) {
    case 'BYTES': {
      const elements: Uint8Array[] = [];
      reader.visit((index) => elements.push(reader.string(index, base64)));
      return elements;
    }
    case 'BOOL': {
      const elements = new Uint8Array(count);
      reader.visit((index) => {
        elements[index] = reader.bool(index);
      });
      return elements;
    }
    case 'FP32':
      return reader.floats(new Float32Array(count), true);
    case 'FP64':
      return reader.floats(new Float64Array(count), false);
    case 'FP16':
      return reader.floats(new Float16Array(count), false);
    case 'BF16': {
      const elements = new Uint16Array(count);
      reader.visit((index) => {
        const value = reader.float(index, false);
        const bits = toBfloat16Bits(value);
        if ((bits & 0x7fff) === 0x7f80 && Number.isFinite(value)) throw floatFault(target, index, value);
        elements[index] = bits;
      });
      return new Uint8Array(elements.buffer);
    }
    case 'INT64':
    case 'UINT64':
      return reader.wideIntegers(datatype);
    default: {
      const { min, max, make } = integerTypes[datatype];
      const elements = make(count);
      reader.visit((index) => {
        elements[index] = reader.integer(index, min, max);
      });
      return new Uint8Array(elements.buffer);
    }
  }
}

/** @returns the shape by the first items of nested arrays; null for objects */
export function shapeOfSlice(slice: DataSlice): number[] | null {
  return new SliceReader({ where: '', datatype: 'BYTES', shape: [], count: 0 }, slice).shape();
}
