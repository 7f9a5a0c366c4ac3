// Pieces of what publishing is asked for and what it gives; the whole is in validation/publication.ts.
import type { Digest } from '../../registry/names.ts';

/** A text file of class labels, one per line, and the output that they belong to; null: the one that they fit. */
export interface LabelsFile {
  readonly output: string | null;
  readonly file: string;
}

/** The greatest size of a variable dimension: of a symbol, of a place `input:axis`, or of all where the name is null. */
export interface MaxDim {
  readonly name: string | null;
  readonly size: number;
}

/** The shape of an input or output for which the file has none: numbers, names of variable dimensions, null for one without a name. */
export interface GivenShape {
  readonly name: string;
  readonly sizes: readonly (number | string | null)[];
}

export interface PublishedBlob {
  readonly digest: Digest;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Where the pipeline tells how far it is. */
export interface Progress {
  step(message: string): void;
  note(message: string): void;
}
