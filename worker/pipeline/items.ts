// What a pipeline made of each picture or text that was sent: the model's inputs, and what an answer in the caller's terms needs.
import type { Tensor } from '../protocol/tensor.ts';
import type { Geometry, Size } from './geometry.ts';

/** A picture: boxes are told in pixels of what was sent. */
export interface PictureItem {
  /** As the caller sees it: upright, if the pipeline turns pictures. */
  readonly size: Size;
  /** Where its pixels went. */
  readonly geometry: Geometry;
}

export interface Prepared {
  /** The model's inputs, each with a row for each item. */
  readonly inputs: readonly Tensor[];
  /** In the order in which they were sent. */
  readonly items: readonly PictureItem[];
}
