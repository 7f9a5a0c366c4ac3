// What a pipeline made of each picture or text that was sent: the model's inputs, and what an answer in the caller's terms needs.
import type { InputTensor, Tensor } from '../protocol/tensor.ts';
import type { Geometry, Size } from './geometry.ts';
import type { PictureLook } from './picture-look.ts';

/** A picture: boxes are told in pixels of what was sent. */
export interface PictureItem {
  /** As the caller sees it: upright, if the pipeline turns pictures. */
  readonly size: Size;
  /** Where its pixels went. */
  readonly geometry: Geometry;
  /** Known once it is decoded. */
  readonly look?: PictureLook;
}

/** A text: its parts are told in code points of what was sent. */
export interface TextItem {
  /** As it was sent, without a prompt. */
  readonly text: string;
  /** Code points of the prompt that stands before it. */
  readonly promptLength: number;
  /** Where its tokens begin in a row of the model's inputs, which may be filled up at its left. */
  readonly column: number;
  /** Tokens in the row, the special ones among them. */
  readonly tokens: number;
  /** Tokens that the text would have without a limit. */
  readonly total: number;
  /** Tokens that the vocabulary has no better name for. */
  readonly unknown: number;
  /** Where each token begins and ends, in code points of prompt and text. */
  readonly offsets: Int32Array;
  /** 1 for a token that stands for no part of the text. */
  readonly special: Uint8Array;
}

export type Item = PictureItem | TextItem;

export interface Prepared<I extends Item = Item, T extends InputTensor = Tensor> {
  /** The model's inputs, each with a row for each item. */
  readonly inputs: readonly T[];
  /** In the order in which they were sent. */
  readonly items: readonly I[];
}

/** The pictures of a pipeline that takes pictures. @throws {Error} for texts, which its schema rules out */
export function pictureItems(items: readonly Item[]): readonly PictureItem[] {
  if (items.every((item): item is PictureItem => 'geometry' in item)) return items;
  throw new Error('a step behind pictures got texts');
}

/** The texts of a pipeline that takes texts. @throws {Error} for pictures, which its schema rules out */
export function textItems(items: readonly Item[]): readonly TextItem[] {
  if (items.every((item): item is TextItem => 'text' in item)) return items;
  throw new Error('a step behind texts got pictures');
}
