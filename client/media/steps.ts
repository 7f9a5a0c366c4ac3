// The steps between a picture and tensors where a version runs here: the PoP's own code. Loaded when it is first needed, or by `prepare()`.
import { invalid } from '../../registry/errors.ts';
import type { ImageInput } from '../../registry/pipeline/image-input.ts';
import { imageStep } from '../../registry/pipeline/image-step.ts';
import type { ImagePipeline } from '../../registry/pipeline/pipeline.ts';
import { orient } from '../../worker/pipeline/orient.ts';
import { readPictureHeader } from '../../worker/pipeline/picture-header.ts';
import type { Pixels } from '../../worker/pipeline/pixels.ts';
import { PictureBatch } from '../../worker/pipeline/prepare-pictures.ts';
import { taskAnswers } from '../../worker/pipeline/task-answers.ts';
import type { OutputTensor, Spelled } from '../tensors.ts';
import { fromRun, toRun } from './run-tensors.ts';

/** A run between its two halves. */
export interface StartedRun {
  readonly inputs: ReadonlyMap<string, Spelled>;
  /** @param outputs all that the model gives */
  finish(outputs: Readonly<Record<string, OutputTensor>>): unknown;
}

/**
 * Makes a model's input of a picture, as the PoP does.
 * @param picture its pixels, upright if the pipeline turns pictures, or a file
 * @param parameters of the task, in the API's names
 * @throws {PopserveError} the registry's, naming the step at fault
 */
export async function startRun(
  pipeline: ImagePipeline,
  picture: Pixels | Blob,
  parameters: Readonly<Record<string, number | undefined>>,
): Promise<StartedRun> {
  const { image } = pipeline;
  const pixels = picture instanceof Blob ? await decode(picture, image) : picture;
  const batch = new PictureBatch([pixels], image);
  batch.put(0, pixels);
  const told = Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined));
  return {
    inputs: toRun([batch.tensor()]),
    finish: (outputs) => taskAnswers(pipeline, fromRun(outputs), batch.items, told)[0],
  };
}

/**
 * Loads the decoders, before there is no network to load them from.
 * @throws {Error} if they do not load
 */
export async function makeReady(): Promise<void> {
  await (await import('./codecs.ts')).pictureDecoders();
}

async function decode(file: Blob, image: ImageInput): Promise<Pixels> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const header = readPictureHeader(bytes);
  const formats = imageStep(image, 'decode')?.formats ?? [];
  if (!formats.includes(header.format)) throw invalid(`decode: expected ${formats.join(' or ')}, got ${header.format}`);
  const { pictureDecoders } = await import('./codecs.ts');
  const pixels = await (await pictureDecoders()).decode(bytes, header);
  return imageStep(image, 'orient') ? orient(pixels, header.orientation) : pixels;
}
