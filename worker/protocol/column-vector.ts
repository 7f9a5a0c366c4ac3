// Vectors that come as columns. MLServer's codecs write n numbers or strings as [n,1], and Triton's configuration describes what is a
// vector with its batch axis so: dims [1] behind the batch.
// @see https://github.com/SeldonIO/MLServer/blob/master/mlserver/codecs/utils.py inject_batch_dimension
import { inputsTaken, type Signature } from '../../registry/signature.ts';
import type { TensorHead } from './tensor.ts';

/** @returns [n] for a column [n,1] where the model takes a vector of this datatype, otherwise the shape as it came */
export function shapeTaken({ name, datatype, shape }: TensorHead, signature: Signature): readonly number[] {
  if (shape.length !== 2 || shape[1] !== 1) return shape;
  const spec = inputsTaken(signature).find((input) => input.name === name);
  return spec?.datatype === datatype && spec.shape.length === 1 ? shape.slice(0, 1) : shape;
}
