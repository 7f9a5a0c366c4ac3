// The JSON entry of one tensor of a request or response, with its data or with the size of it in the binary part.
import { binaryByteLength } from './binary.ts';
import { encodeJsonData } from './encode-json-data.ts';
import type { Tensor } from './tensor.ts';

/** The entry as far as the data, or without its last brace where the data is binary. */
export function tensorHead({ name, shape, datatype, data }: Tensor, binary: boolean): string {
  const head = JSON.stringify({ name, shape, datatype }).slice(0, -1);
  return binary ? `${head},"parameters":{"binary_data_size":${binaryByteLength(data)}}` : `${head},"data":`;
}

/**
 * @param where the tensor's name for messages, as "output 'y'"
 * @throws PopserveError INVALID_ARGUMENT if the data has no JSON form
 */
export function encodeTensor(tensor: Tensor, binary: boolean, where: string): string {
  return `${tensorHead(tensor, binary)}${binary ? '' : encodeJsonData(tensor, where)}}`;
}
