// Is an input larger than its version takes? Some models ask for memory or time without end for a large one, and a run cannot
// be interrupted: so this is asked before anything runs, on every request, and takes no memory.
import { PopserveError } from '../../registry/errors.ts';
import { type InputLimit, limitFault } from '../../registry/input-size-limits.ts';
import { describeShape, quote } from './describe.ts';
import type { TensorHead } from './tensor.ts';

/**
 * @param inputs of the ranks that the signature says
 * @throws PopserveError TOO_LARGE naming the input, the axis, its limit and what came
 */
export function checkInputSizes(inputs: readonly TensorHead[], limits: readonly InputLimit[]): void {
  for (const limit of limits) {
    for (const input of inputs) {
      if (input.name !== limit.name) continue;
      const fault = limitFault(input, limit);
      if (fault !== null) {
        throw new PopserveError(
          'TOO_LARGE',
          `input ${quote(input.name)}: ${fault}, got ${input.datatype} ${describeShape(input.shape)}`,
        );
      }
    }
  }
}
