// What the files of this folder have in common: each reads the outputs of one form of detector.
import type { Tensor } from '../../protocol/tensor.ts';
import type { Size } from '../geometry.ts';
import type { Candidates } from './candidates.ts';
import type { Corners } from './overlap.ts';

export interface BoxContext {
  /** The row of the batch that is read. */
  readonly item: number;
  /** The model's input, in pixels. */
  readonly input: Size;
  /** How many, without a background. */
  readonly classes: number;
}

/**
 * Reads the outputs of one picture.
 * @param output the model's output of a name
 * @param found takes every box with its score
 * @returns the corners of a box that was found, in pixels of the model's input
 * @throws {PopserveError} INVALID_ARGUMENT for outputs that are not of this form, naming the output
 */
export type BoxReader<F> = (
  form: F,
  output: (name: string) => Tensor,
  context: BoxContext,
  found: Candidates,
) => (place: number) => Corners;
