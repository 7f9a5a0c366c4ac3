// From a picture to the elements of an image input: size, channels, range, mean and standard deviation. Nothing is guessed that
// is not said: the plan is printed, and kept in the evaluation.

import { invalid } from '../../../registry/errors.ts';
import type { Preprocessing } from '../../../registry/evaluation.ts';
import { smallest } from '../../../registry/extremes.ts';
import { type Datatype, isFloat, type TensorSpec } from '../../../registry/signature.ts';
import type { Picture } from './decode-image.ts';
import { cut, resize } from './resize.ts';

/** Options of the command line for images; those left out are as for ImageNet. */
export interface ImageOptions {
  /** Pixels of the shorter side; `stretch`: to the size of the input whatever the shape; `none`: it must have that size. */
  readonly resize?: number | 'stretch' | 'none';
  /** Height and width that are cut from the centre; default: those of the input, 224 where they vary. */
  readonly crop?: number;
  readonly scale?: Preprocessing['scale'];
  /** One for each channel, or one for all, in units of the scale. */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
}

/** Centre of the shorter side that is kept: 224 of 256. */
const keptShare = 0.875;
const usualSize = 224;
const imageNet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

const arrays = {
  FP16: Float16Array,
  FP32: Float32Array,
  FP64: Float64Array,
  UINT8: Uint8Array,
  INT8: Int8Array,
} satisfies Partial<Record<Datatype, unknown>>;

type ImageDatatype = keyof typeof arrays;

/** @throws {PopserveError} INVALID_ARGUMENT for an input that takes no images, or options that do not fit it */
export function planPreprocessing(spec: TensorSpec, options: ImageOptions): Preprocessing {
  const { layout, channels, height, width } = imageAxes(spec);
  const takesFloats = isFloat(spec.datatype);
  const resizing = options.resize ?? 'shorter';
  const size = sizeOf(spec, { height, width }, options);
  const scale = options.scale ?? (takesFloats ? '0-1' : '0-255');
  const isUsual =
    takesFloats && channels === 3 && scale === '0-1' && options.mean === undefined && options.std === undefined;
  return {
    input: spec.name,
    layout,
    channels: channels === 3 ? 'RGB' : 'grey',
    resize: resizing === 'shorter' ? Math.floor(smallest(size ?? [usualSize]) / keptShare) : resizing,
    size,
    scale,
    mean: isUsual ? imageNet.mean : perChannel('--image-mean', options.mean ?? [0], channels, spec),
    std: isUsual ? imageNet.std : perChannel('--image-std', options.std ?? [1], channels, spec),
  };
}

/** One sentence for people. */
export function describePreprocessing({
  input,
  layout,
  channels,
  resize,
  size,
  scale,
  mean,
  std,
}: Preprocessing): string {
  const [height, width] = size ?? [];
  const sized =
    resize === 'none'
      ? 'as large as they are'
      : resize === 'stretch'
        ? `stretched to ${height}x${width} (bilinear)`
        : `shorter side to ${resize} (bilinear), ${height}x${width} cut from the centre`;
  return `images for input '${input}': ${sized}, ${channels}, ${layout}, ${scale}, less ${mean.join(', ')}, divided by ${std.join(', ')}`;
}

/**
 * @param name of the file, for messages
 * @returns the row's shape and its elements, row-major and little-endian
 * @throws {PopserveError} INVALID_ARGUMENT for a picture that has not the size, or values that the datatype does not hold
 */
export function preprocess(
  picture: Picture,
  plan: Preprocessing,
  datatype: Datatype,
  name: string,
): { shape: number[]; data: Uint8Array } {
  const { width, height, rgb } = sized(picture, plan, name);
  const values = plan.channels === 'RGB' ? rgb : grey(rgb);
  const channels = plan.channels === 'RGB' ? 3 : 1;
  const pixels = width * height;
  const elements = new arrays[datatype as ImageDatatype](pixels * channels);
  const isWhole = datatype === 'UINT8' || datatype === 'INT8';
  const [low, high] = datatype === 'INT8' ? [-128, 127] : [0, 255];
  const unit = plan.scale === '0-1' ? 255 : 1;
  for (let channel = 0; channel < channels; channel++) {
    const [mean = 0, std = 1] = [plan.mean[channel], plan.std[channel]];
    for (let pixel = 0; pixel < pixels; pixel++) {
      const value = ((values[pixel * channels + channel] ?? 0) / unit - mean) / std;
      const at = plan.layout === 'NCHW' ? channel * pixels + pixel : pixel * channels + channel;
      const element = isWhole ? Math.round(value) : value;
      if (isWhole && (element < low || element > high)) {
        throw invalid(
          `${name}: expected values from ${low} to ${high} for ${datatype}, got ${element}; see --image-scale`,
        );
      }
      elements[at] = element;
    }
  }
  const shape = plan.layout === 'NCHW' ? [channels, height, width] : [height, width, channels];
  return { shape, data: new Uint8Array(elements.buffer) };
}

/** As torchvision's Resize and CenterCrop. */
function sized(picture: Picture, { resize: to, size }: Preprocessing, name: string): Picture {
  if (size === null) return picture;
  const [height, width] = size;
  const got = `${picture.height}x${picture.width}`;
  if (to === 'none') {
    if (picture.width === width && picture.height === height) return picture;
    throw invalid(`${name}: expected an image of ${height}x${width} (height x width), got ${got}; see --image-resize`);
  }
  if (to === 'stretch') return resize(picture, width, height);
  const shorter = Math.min(picture.width, picture.height);
  const whole = resize(
    picture,
    Math.trunc((to * picture.width) / shorter),
    Math.trunc((to * picture.height) / shorter),
  );
  if (whole.width < width || whole.height < height) {
    throw invalid(
      `${name}: of the image, ${got}, ${whole.height}x${whole.width} are left where its shorter side has ${to}: too small to cut ${height}x${width} from it; see --image-resize`,
    );
  }
  return cut(whole, half(whole.width - width), half(whole.height - height), width, height);
}

/** Half of it, halves to the even number: as Python rounds. */
function half(difference: number): number {
  const low = Math.floor(difference / 2);
  return difference % 2 === 1 && low % 2 === 1 ? low + 1 : low;
}

/** Luma of ITU-R 601 in 16 bits, as Pillow has it. */
function grey(rgb: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: rgb.length / 3 }, (_, pixel) => {
    const [red = 0, green = 0, blue = 0] = rgb.subarray(pixel * 3, pixel * 3 + 3);
    return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
  });
}

interface Axes {
  readonly layout: Preprocessing['layout'];
  readonly channels: 1 | 3;
  /** -1 where it varies. */
  readonly height: number;
  readonly width: number;
}

function imageAxes({ name, datatype, shape }: TensorSpec): Axes {
  const [, second = 0, third = 0, fourth = 0] = shape;
  const isChannels = (size: number): size is 1 | 3 => size === 1 || size === 3;
  const [isFirst, isLast] = [isChannels(second), isChannels(fourth)];
  if (shape.length !== 4 || isFirst === isLast || !(datatype in arrays)) {
    throw invalid(
      `input '${name}' takes no images: expected ${Object.keys(arrays).join(', ')} of [N,C,H,W] or [N,H,W,C] with 1 or 3 channels, it is ${datatype} [${shape}]`,
    );
  }
  if (isChannels(second)) return { layout: 'NCHW', channels: second, height: third, width: fourth };
  return { layout: 'NHWC', channels: fourth === 3 ? 3 : 1, height: second, width: third };
}

/** Null: pictures keep their own sizes. */
function sizeOf(
  { name, shape }: TensorSpec,
  { height, width }: Pick<Axes, 'height' | 'width'>,
  { resize, crop }: ImageOptions,
): [number, number] | null {
  const isVariable = height === -1 || width === -1;
  if (resize === 'none') {
    if (crop !== undefined) throw invalid('--image-crop does not go with --image-resize none');
    return isVariable ? null : [height, width];
  }
  const fits = (size: number) => size === -1 || size === (crop ?? size);
  if (!fits(height) || !fits(width)) {
    throw invalid(`--image-crop ${crop} does not fit input '${name}', whose shape is [${shape}]`);
  }
  return [height === -1 ? (crop ?? usualSize) : height, width === -1 ? (crop ?? usualSize) : width];
}

function perChannel(option: string, given: readonly number[], channels: number, { name }: TensorSpec): number[] {
  if (given.length !== 1 && given.length !== channels) {
    throw invalid(`${option}: expected 1 or ${channels} numbers for input '${name}', got ${given.join(',')}`);
  }
  return Array.from({ length: channels }, (_, channel) => given[channel] ?? given[0] ?? 0);
}
