// Shapes with a 1 more than the model's. MLServer's codecs write n numbers or strings as [n,1], and Triton's configuration has dims of
// [1] for a tensor that has none of its own: [n,1] for a vector with its batch axis, [1] for a scalar.
// @see https://github.com/SeldonIO/MLServer/blob/master/mlserver/codecs/utils.py inject_batch_dimension
import { inputsTaken, type Signature } from '../../registry/signature.ts';
import type { TensorHead } from './tensor.ts';

/**
 * @returns [n] for a column [n,1] where the model takes a vector of this datatype, [] for [1] where it takes a scalar, otherwise the shape
 *   as it came
 */
export function shapeTaken({ name, datatype, shape }: TensorHead, signature: Signature): readonly number[] {
  if (shape.length === 0 || shape.length > 2 || shape.at(-1) !== 1) return shape;
  const spec = inputsTaken(signature).find((input) => input.name === name);
  return spec?.datatype === datatype && spec.shape.length === shape.length - 1 ? shape.slice(0, -1) : shape;
}
