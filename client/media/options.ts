// The types of the public API for pictures and texts: what is taken, options, and the shape of answers.
import type { Provenance, RunOptions } from '../options.ts';

/** A class of the platform by its name; never where the caller's TypeScript has no library for it. */
type PlatformClass<N extends string> = typeof globalThis extends { [K in N]: { prototype: infer Instance } }
  ? Instance
  : never;

/** A file: JPEG, PNG or WebP, and in browsers whatever else they show. */
export type PictureFile = Blob | Uint8Array;

/** What a browser has on its screen or in its memory; the picture is taken at the moment of the call. */
export type DrawnPicture =
  | PlatformClass<'ImageBitmap'>
  | PlatformClass<'ImageData'>
  | PlatformClass<'HTMLCanvasElement'>
  | PlatformClass<'HTMLImageElement'>
  | PlatformClass<'HTMLVideoElement'>
  | PlatformClass<'OffscreenCanvas'>
  | PlatformClass<'VideoFrame'>;

export type Picture = PictureFile | DrawnPicture;

export interface PictureOptions extends RunOptions {
  /** `false` sends a file as it is; by default it is shrunk to what the version's steps need. */
  shrink?: boolean;
}

export interface ClassifyOptions extends PictureOptions {
  /** Classes in the answer; by default as many as the version was published with. */
  topK?: number;
  /** Leaves out what scores less. */
  threshold?: number;
}

export interface LabelScore {
  label: string;
  score: number;
}

export interface ClassifyAnswer extends Provenance {
  /** The highest score first. */
  labels: LabelScore[];
}

export interface DetectOptions extends PictureOptions {
  /** Leaves out what scores less; by default what the version was published with. */
  threshold?: number;
}

/** From the left and from the top. */
export interface Box {
  xmin: number;
  ymin: number;
  xmax: number;
  ymax: number;
}

export interface DetectedObject extends LabelScore {
  /** In pixels of the picture that was given. */
  box: Box;
}

export interface DetectAnswer extends Provenance {
  /** The highest score first. */
  objects: DetectedObject[];
}

export interface ReadAnswer extends Provenance {
  /** The line of writing. */
  text: string;
  /** The mean share of the classes that wrote it; 0 for a line without text. */
  score: number;
}

/** Tells how much of a call's texts the model has read. */
export interface TextsRead {
  /** Whether a text had more tokens than the model takes, and was cut off. */
  truncated: boolean;
}

export interface ClassifyTextsOptions extends RunOptions {
  /** Classes in the answer; by default as many as the version was published with. */
  topK?: number;
  /** Leaves out what scores less. */
  threshold?: number;
}

export interface ClassifyTextsAnswer extends Provenance, TextsRead {
  /** For each text its classes, the highest score first. */
  labels: LabelScore[][];
}

export interface MarkTextsOptions extends RunOptions {
  /** Leaves out what scores less. */
  threshold?: number;
}

/** A part of a text. */
export interface TextSpan extends LabelScore {
  /** `text.slice(start, end)`. */
  word: string;
  /** Where it begins in the string. */
  start: number;
  /** Where it ends, exclusive. */
  end: number;
}

export interface MarkTextsAnswer extends Provenance, TextsRead {
  /** For each text the parts that the model marks, in their order. */
  spans: TextSpan[][];
}

export interface EmbedOptions extends RunOptions {
  /** The length that vectors are cut to, one of those that the version allows. */
  dimensions?: number;
  /** Which of the version's prompts stands before each text, `query` for example. */
  prompt?: string;
}

export interface EmbedAnswer extends Provenance, TextsRead {
  /** A vector for each text, in their order. */
  embeddings: Float32Array[];
  /** Tokens of all texts together. */
  tokens: number;
}
