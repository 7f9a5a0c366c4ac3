// One picture of a folder as a row of an input: by the version's pipeline, or by the options for images.
import type { Preprocessing } from '../../../registry/evaluation.ts';
import type { ImageInput } from '../../../registry/pipeline/image-input.ts';
import { imageStep } from '../../../registry/pipeline/image-step.ts';
import type { Datatype } from '../../../registry/signature.ts';
import type { Item, Prepared } from '../../../worker/pipeline/items.ts';
import { orient } from '../../../worker/pipeline/orient.ts';
import { readPictureHeader } from '../../../worker/pipeline/picture-header.ts';
import { PictureBatch } from '../../../worker/pipeline/prepare-pictures.ts';
import { decodeImage } from './decode-image.ts';
import { blaming, preprocess, rowOf } from './preprocess.ts';

/** A pipeline is what the PoP does as well; options for images are about the test data alone. */
export type Preparation = { readonly pipeline: ImageInput } | { readonly options: Preprocessing };

/** The row's shape and its elements, row-major and little-endian. */
export interface PreparedRow {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
  /** What a pipeline saw. */
  readonly item?: Item;
}

/**
 * @param name of the file, for messages
 * @throws {PopserveError} INVALID_ARGUMENT naming the file and the step at fault
 */
export async function preparePicture(
  file: Uint8Array,
  preparation: Preparation,
  datatype: Datatype,
  name: string,
): Promise<PreparedRow> {
  if ('options' in preparation) return preprocess(await decodeImage(file, name), preparation.options, datatype, name);
  const { inputs, items } = await prepareItem(file, preparation.pipeline, name);
  const [item] = items;
  return { ...rowOf(inputs), ...(item === undefined ? {} : { item }) };
}

/**
 * One picture by the version's pipeline, as the PoP prepares it.
 * @throws {PopserveError} INVALID_ARGUMENT naming the file and the step at fault
 */
export async function prepareItem(file: Uint8Array, pipeline: ImageInput, name: string): Promise<Prepared> {
  const picture = await decodeImage(file, name);
  const { orientation } = readPictureHeader(file, name);
  const upright = imageStep(pipeline, 'orient') === undefined ? picture : orient(picture, orientation);
  return blaming(name, () => {
    const batch = new PictureBatch([upright], pipeline);
    batch.put(0, upright);
    return { inputs: [batch.tensor()], items: batch.items };
  });
}
