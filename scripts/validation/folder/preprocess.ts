// From a picture to the elements of an image input: size, channels, range, mean and standard deviation. Nothing is guessed that
// is not said: the plan is printed, and kept in the evaluation.

import { invalid, PopserveError } from '../../../registry/errors.ts';
import type { Preprocessing } from '../../../registry/evaluation.ts';
import { smallest } from '../../../registry/extremes.ts';
import {
  type ImageInput,
  type ImageStep,
  type ImageStepOf,
  pictureFormats,
} from '../../../registry/pipeline/image-input.ts';
import { type Datatype, isFloat, type TensorSpec } from '../../../registry/signature.ts';
import { planGeometry } from '../../../worker/pipeline/geometry.ts';
import type { Pixels } from '../../../worker/pipeline/pixels.ts';
import { preparePictures } from '../../../worker/pipeline/prepare-pictures.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';

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

type ImageDatatype = ImageStepOf<'layout'>['datatype'];
const datatypes: readonly Datatype[] = ['FP16', 'FP32', 'FP64', 'UINT8', 'INT8'];

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
 * The same as steps of a pipeline: the Worker prepares pictures that are sent to it by no other code.
 * @param datatype of the input, which {@link planPreprocessing} has looked at
 */
export function imageStepsOf(plan: Preprocessing, datatype: Datatype): ImageInput {
  const { input, channels, layout, resize, size, scale, mean, std } = plan;
  const [height = 1, width = 1] = size ?? [];
  const filter = 'bilinear';
  const resizing: ImageStep[] =
    resize === 'none'
      ? []
      : resize === 'stretch'
        ? [{ step: 'resize', fit: 'fill', height, width, filter }]
        : [
            { step: 'resize', fit: 'shortest', size: resize, filter },
            { step: 'crop', height, width, margin: 'even' },
          ];
  return {
    input,
    steps: [
      { step: 'decode', formats: [...pictureFormats] },
      { step: 'colour', to: channels === 'grey' ? 'grey' : 'rgb' },
      ...resizing,
      { step: 'scale', by: scale === '0-1' ? 1 / 255 : 1 },
      { step: 'normalise', mean: [...mean], std: [...std] },
      { step: 'layout', order: layout === 'NCHW' ? 'nchw' : 'nhwc', datatype: datatype as ImageDatatype },
    ],
  };
}

/**
 * @param name of the file, for messages
 * @returns the row's shape and its elements, row-major and little-endian
 * @throws {PopserveError} INVALID_ARGUMENT for a picture that has not the size, or values that the datatype does not hold
 */
export function preprocess(
  picture: Pixels,
  plan: Preprocessing,
  datatype: Datatype,
  name: string,
): { shape: readonly number[]; data: Uint8Array } {
  requireSize(picture, plan, name);
  return blaming(name, () => rowOf([preparePictures([picture], imageStepsOf(plan, datatype))]));
}

/** Without the axis of the batch. */
export function rowOf([input]: readonly Tensor[]): { shape: readonly number[]; data: Uint8Array } {
  if (!(input?.data instanceof Uint8Array)) throw new TypeError('pictures become no texts');
  const { shape, data } = input;
  return { shape: shape.slice(1), data };
}

/** Puts the name of the file before the message of what is wrong with it. */
export function blaming<T>(name: string, prepare: () => T): T {
  try {
    return prepare();
  } catch (error) {
    if (!(error instanceof PopserveError)) throw error;
    throw new PopserveError(error.code, `${name}: ${error.message}`, { cause: error });
  }
}

/** In a test of the model no picture is framed, and none has another size than the input: that would judge something else. */
function requireSize(picture: Pixels, { resize, size }: Preprocessing, name: string): void {
  if (size === null || resize === 'stretch') return;
  const [height, width] = size;
  const got = `${picture.height}x${picture.width}`;
  if (resize === 'none') {
    if (picture.width === width && picture.height === height) return;
    throw invalid(`${name}: expected an image of ${height}x${width} (height x width), got ${got}; see --image-resize`);
  }
  const { resized } = planGeometry(picture, {
    steps: [{ step: 'resize', fit: 'shortest', size: resize, filter: 'bilinear' }],
  });
  if (resized.width >= width && resized.height >= height) return;
  throw invalid(
    `${name}: of the image, ${got}, ${resized.height}x${resized.width} are left where its shorter side has ${resize}: too small to cut ${height}x${width} from it; see --image-resize`,
  );
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
  if (shape.length !== 4 || isFirst === isLast || !datatypes.includes(datatype)) {
    throw invalid(
      `input '${name}' takes no images: expected ${datatypes.join(', ')} of [N,C,H,W] or [N,H,W,C] with 1 or 3 channels, it is ${datatype} [${shape}]`,
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
