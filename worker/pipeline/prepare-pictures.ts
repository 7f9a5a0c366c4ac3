// From pictures to a tensor: the image steps of a pipeline.
import { invalid } from '../../registry/errors.ts';
import { largest } from '../../registry/extremes.ts';
import type { ImageInput, ImageStepOf } from '../../registry/pipeline/image-input.ts';
import { imageStep } from '../../registry/pipeline/image-step.ts';
import type { PendingTensor, Tensor, TensorHead } from '../protocol/tensor.ts';
import { type Colours, resizeWindow, resizingBytes, writeElements } from './fill-tensor.ts';
import { planGeometry, type Size } from './geometry.ts';
import type { PictureItem } from './items.ts';
import { lookAt } from './picture-look.ts';
import type { Pixels } from './pixels.ts';

const arrays = {
  FP16: Float16Array,
  FP32: Float32Array,
  FP64: Float64Array,
  UINT8: Uint8Array,
  INT8: Int8Array,
};

type ImageDatatype = ImageStepOf<'layout'>['datatype'];

/** A batch of pictures on its way into a tensor: its size is known before the first picture is decoded. */
export class PictureBatch {
  readonly #items: PictureItem[];
  readonly #image: ImageInput;
  readonly #colours: Colours;
  readonly #size: Size;
  readonly #rowLength: number;
  readonly #padding: number | null;
  /** What is seen of each picture that was put. */
  readonly #levels: Uint8ClampedArray[] = [];

  /**
   * @param sizes of the pictures, upright; at least one
   * @throws {PopserveError} INVALID_ARGUMENT for pictures that become tensors of different shapes, or values that the datatype does not
   *   hold; the message names the step
   */
  constructor(sizes: readonly Size[], image: ImageInput) {
    this.#image = image;
    this.#items = sizes.map((size) => ({ size, geometry: planGeometry(size, image) }));
    this.#size = batchSize(this.#items, image);
    this.#colours = coloursOf(image, layoutOf(image).datatype);
    this.#padding = paddingOf(image);
    this.#rowLength = this.#size.width * this.#size.height * this.#colours.tables.length;
  }

  /** In the order of the pictures; how each looks is known once it was put. */
  get items(): readonly PictureItem[] {
    return this.#items;
  }

  /** The tensor without its elements. */
  get head(): TensorHead {
    const { order, datatype } = layoutOf(this.#image);
    const { width, height } = this.#size;
    const channels = this.#colours.tables.length;
    const row = order === 'nchw' ? [channels, height, width] : [height, width, channels];
    return { name: this.#image.input, datatype, shape: [this.items.length, ...row] };
  }

  /** Memory that the pictures take once they were put: a byte for each channel of a pixel. */
  get heldBytes(): number {
    const channels = this.#colours.tables.length;
    return this.#items.reduce((sum, { geometry: { window } }) => sum + window.width * window.height * channels, 0);
  }

  /** Memory that putting a picture takes for a while, beside its pixels. */
  puttingBytes(index: number): number {
    const { size, geometry } = this.#items[index] as PictureItem;
    return resizingBytes(size, geometry, this.#colours.tables.length);
  }

  /** @param picture upright, of the size that was given for it */
  put(index: number, picture: Pixels): void {
    const item = this.#items[index] as PictureItem;
    this.#items[index] = { ...item, look: lookAt(picture) };
    this.#levels[index] = resizeWindow(picture, item.geometry, this.#colours);
  }

  /** The model's input once all pictures were put; its elements are written where they are wanted. */
  pending(): PendingTensor {
    const byteLength = this.#byteLength;
    return { ...this.head, data: { byteLength, write: (target) => this.#write(target) } };
  }

  /** The model's input with its elements, once all pictures were put. */
  tensor(): Tensor {
    const data = new Uint8Array(this.#byteLength);
    this.#write(data);
    return { ...this.head, data };
  }

  get #byteLength(): number {
    return this.#rowLength * this.#items.length * arrays[layoutOf(this.#image).datatype].BYTES_PER_ELEMENT;
  }

  #write(target: Uint8Array): void {
    const { buffer, byteOffset } = target as Uint8Array<ArrayBuffer>;
    const { order, datatype } = layoutOf(this.#image);
    const elements = new arrays[datatype](buffer, byteOffset, this.#rowLength * this.#items.length);
    for (const [index, levels] of this.#levels.entries()) {
      const { geometry } = this.#items[index] as PictureItem;
      const place = { elements, offset: index * this.#rowLength };
      const row = { ...place, order, width: this.#size.width, padding: this.#padding };
      writeElements(levels, geometry, this.#colours, row);
    }
  }
}

/**
 * @example
 * const tensor = preparePictures([pixels], pipeline.image); // FP32 [1, 3, 224, 224]
 *
 * @param pictures upright, at least one
 * @throws {PopserveError} as {@link PictureBatch}
 */
export function preparePictures(pictures: readonly Pixels[], image: ImageInput): Tensor {
  const batch = new PictureBatch(pictures, image);
  pictures.forEach((picture, index) => {
    batch.put(index, picture);
  });
  return batch.tensor();
}

/** All of one size; only lines of writing, whose width varies, are padded to the widest. */
function batchSize(items: readonly PictureItem[], image: ImageInput): Size {
  const results = items.map(({ geometry }) => geometry.result);
  const widths = results.map(({ width }) => width);
  const heights = results.map(({ height }) => height);
  const [first] = results;
  if (first === undefined) throw invalid('expected a picture, got none');
  const line = lineOf(image);
  const width = line === null ? first.width : largest([line.leastWidth, ...widths]);
  const { height } = first;
  const odd = results.findIndex((result) => result.height !== height || (line === null && result.width !== width));
  if (odd === -1) return { width, height };
  throw invalid(
    `layout: pictures of one batch have to have one size; picture 0 is ${height}x${width} (height x width), picture ${odd} ${heights[odd]}x${widths[odd]}`,
  );
}

/** The resize of lines of writing, which keep their own widths; null where pictures have one size. */
function lineOf(image: ImageInput): Extract<ImageStepOf<'resize'>, { fit: 'height' }> | null {
  const resize = imageStep(image, 'resize');
  const isFramed = imageStep(image, 'crop') !== undefined || imageStep(image, 'pad') !== undefined;
  return resize?.fit === 'height' && !isFramed ? resize : null;
}

function paddingOf(image: ImageInput): number | null {
  const line = lineOf(image);
  return line && element(line.padding, layoutOf(image).datatype, 'resize');
}

function layoutOf(image: ImageInput): ImageStepOf<'layout'> {
  const step = imageStep(image, 'layout');
  if (step === undefined) throw new Error('a pipeline without the step layout');
  return step;
}

function channelsOf(image: ImageInput): 1 | 3 {
  return imageStep(image, 'colour')?.to === 'grey' ? 1 : 3;
}

/** What each of the 256 values becomes, computed once for all pixels. */
function coloursOf(image: ImageInput, datatype: ImageDatatype): Colours {
  const to = imageStep(image, 'colour')?.to ?? 'rgb';
  const channels = to === 'grey' ? null : to === 'bgr' ? [2, 1, 0] : [0, 1, 2];
  const by = imageStep(image, 'scale')?.by ?? 1;
  const { mean = [0], std = [1] } = imageStep(image, 'normalise') ?? {};
  const tables = Array.from({ length: channelsOf(image) }, (_, channel) => {
    const table = new arrays[datatype](256);
    const [less, divisor] = [mean[channel] ?? mean[0] ?? 0, std[channel] ?? std[0] ?? 1];
    for (let level = 0; level < 256; level++) table[level] = element((level * by - less) / divisor, datatype);
    return table;
  });
  return { channels, tables };
}

function element(value: number, datatype: ImageDatatype, step: 'normalise' | 'resize' = 'normalise'): number {
  if (datatype !== 'UINT8' && datatype !== 'INT8') return value;
  const [low, high] = datatype === 'INT8' ? [-128, 127] : [0, 255];
  const whole = Math.round(value);
  if (whole >= low && whole <= high) return whole;
  throw invalid(`${step}: expected values from ${low} to ${high} for ${datatype}, got ${whole}`);
}
