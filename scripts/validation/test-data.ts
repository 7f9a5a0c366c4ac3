// Test data as the evaluation sees it: rows of a model's inputs, each with what it truly is.
import type { DataReference, Preprocessing } from '../../registry/evaluation.ts';
import type { ImageInput } from '../../registry/pipeline/image-input.ts';
import type { Item, PictureItem } from '../../worker/pipeline/items.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import type { ColumnNames, GivenFeatures } from '../publish/name-columns.ts';
import type { TextPreparation } from '../publish/pipeline/tokenised.ts';
import type { ImageOptions } from './folder/preprocess.ts';
import type { TrueObject } from './metrics/average-precision.ts';

export interface TestData {
  readonly reference: DataReference;
  /** The place of the truth: a column, or a file. */
  readonly label: string;
  /** The truth of each row, as it is written. */
  readonly truth: readonly string[];
  /** The inputs of rows `from` to `to` (exclusive), stacked along axis 0. */
  inputs(from: number, to: number): Promise<readonly Tensor[]> | readonly Tensor[];
  /** What the version's pipeline saw in each row, once `inputs` has read it; left out where no pipeline prepares the rows. */
  readonly items?: readonly (Item | undefined)[];
  /** Names for the elements of a row, by input, where they have any but their places. */
  readonly names: ColumnNames;
  /** Assumptions, one sentence each. */
  readonly notes: readonly string[];
  /** How images became inputs, where there are any. */
  readonly preprocessing?: readonly Preprocessing[];
  /** What is to be found in each picture, for a detector. */
  readonly objects?: TrueObjects;
}

/** The truth of pictures whose objects a detector finds. */
export interface TrueObjects {
  readonly categories: readonly string[];
  /** Of each row. */
  readonly truth: readonly (readonly TrueObject[])[];
  /** Where the pixels of rows `from` to `to` (exclusive) went. */
  items(from: number, to: number): Promise<readonly PictureItem[]>;
}

/** How a text file is read, where that was named. */
export interface ReadingOptions {
  /** A label of the Encoding Standard; default: UTF-8, or what a byte order mark says. */
  readonly encoding?: string;
  /** One character between the cells of CSV; default: the only one that the file leaves a choice about. */
  readonly separator?: string;
  /** Default: a point, or a comma where the cells leave no choice. */
  readonly decimal?: '.' | ',';
  /** Cells that are missing in every column, as they are written. Default: none in a text but the empty one. */
  readonly missing?: readonly string[];
}

/** How a file's columns, or the files of a folder, belong to a model. */
export interface DataOptions {
  /** `.csv`, `.tsv`, `.jsonl` or `.ndjson`, or a folder of tensors or images. */
  readonly path: string;
  readonly reading?: ReadingOptions;
  /** Column with the truth; default: the only one that is called label, target, class or y and that no input takes. */
  readonly label?: string;
  /** Column of an input, where it has another name; of a vector all its columns, separated by commas. */
  readonly columns?: Readonly<Record<string, string>>;
  /** Columns of inputs that are vectors, in their order. */
  readonly features?: GivenFeatures;
  /** The same as other data of the version have them, for a file that has columns of these names. */
  readonly known?: ColumnNames;
  readonly images?: ImageOptions;
  /** The version's pipeline, which prepares pictures at the PoP as well; goes before all other ways. */
  readonly image?: ImageInput;
  /** The same of a version that takes texts: the data are a column of them. */
  readonly texts?: TextPreparation;
  /** The version finds objects: the truth are annotations. */
  readonly detects?: boolean;
  /** As it was done before, by input; goes before `images`. */
  readonly preprocessing?: readonly Preprocessing[];
}
