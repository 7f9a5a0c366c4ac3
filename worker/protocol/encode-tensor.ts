// The JSON entry of one tensor of a request or response, with its data or with the size of it in the binary part.
import { binaryByteLength } from './binary.ts';
import { encodeJsonData } from './encode-json-data.ts';
import type { Tensor } from './tensor.ts';

/**
 * @param where the tensor's name for messages, as "output 'y'"
 * @throws PopserveError INVALID_ARGUMENT if the data has no JSON form
 */
export function encodeTensor(tensor: Tensor, binary: boolean, where: string): string {
  const head = JSON.stringify({ name: tensor.name, shape: tensor.shape, datatype: tensor.datatype });
  const data = binary
    ? `"parameters":{"binary_data_size":${binaryByteLength(tensor.data)}}`
    : `"data":${encodeJsonData(tensor, where)}`;
  return `${head.slice(0, -1)},${data}}`;
}
