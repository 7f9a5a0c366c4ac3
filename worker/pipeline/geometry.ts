// Where the pixels of a picture go: the steps resize, crop and pad taken together, before a pixel is touched.
import { invalid } from '../../registry/errors.ts';
import type { ImageInput, ImageStepOf } from '../../registry/pipeline/image-input.ts';
import { imageStep } from '../../registry/pipeline/image-step.ts';
import type { Filter } from './resample.ts';

export interface Geometry {
  /** The whole picture, resized. */
  readonly resized: Size;
  readonly filter: Filter;
  /** The part of the resized picture that is kept, and where its corner lies in the result. */
  readonly window: Size & { readonly left: number; readonly top: number };
  readonly at: { readonly left: number; readonly top: number };
  readonly result: Size;
  /** The value of what lies around the window. */
  readonly frame: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * @example
 * planGeometry({ width: 640, height: 480 }, { input: 'x', steps }); // shorter side 256, 224 x 224 from the centre
 *
 * @param size of the picture, upright
 * @throws {PopserveError} INVALID_ARGUMENT for a picture that is larger than the frame it is put into
 */
export function planGeometry(size: Size, image: Pick<ImageInput, 'steps'>): Geometry {
  const resize = imageStep(image, 'resize');
  let plan = resizePlan(size, resize);
  const crop = imageStep(image, 'crop');
  if (crop !== undefined) plan = cropped(plan, crop);
  const pad = imageStep(image, 'pad');
  return pad === undefined ? plan : padded(plan, pad);
}

function resizePlan(size: Size, step: ImageStepOf<'resize'> | undefined): Geometry {
  switch (step?.fit) {
    case undefined:
      return whole(size, 'nearest');
    case 'fill':
      return whole(step, step.filter);
    case 'shortest':
      return whole(shortest(size, step), step.filter);
    case 'height': {
      const width = Math.min(step.mostWidth, Math.max(1, Math.ceil((step.height * size.width) / size.height)));
      return whole({ width, height: step.height }, step.filter);
    }
    case 'letterbox':
      return letterboxed(size, step);
  }
}

function whole({ width, height }: Size, filter: Filter): Geometry {
  const resized = { width, height };
  return {
    resized,
    filter,
    window: { ...resized, left: 0, top: 0 },
    at: { left: 0, top: 0 },
    result: resized,
    frame: 0,
  };
}

/** @see https://github.com/huggingface/transformers get_size_with_aspect_ratio of image_transforms.py, and of YOLOS for the multiple */
function shortest({ width, height }: Size, step: Extract<ImageStepOf<'resize'>, { fit: 'shortest' }>): Size {
  const [shorter, longer] = [Math.min(width, height), Math.max(width, height)];
  const isHeld = step.longest !== undefined && (longer / shorter) * step.size > step.longest;
  const target = isHeld ? ((step.longest ?? longer) * shorter) / longer : step.size;
  const multiple = step.multiple ?? 1;
  const scaled = (side: number) => {
    // Only the shorter side of a picture whose longer side is held is rounded.
    const pixels = side === shorter ? roundEven(target) : Math.trunc((target * side) / shorter);
    return Math.max(multiple, pixels - (pixels % multiple));
  };
  return { width: scaled(width), height: scaled(height) };
}

/**
 * The corner is YOLOX's.
 * @see https://github.com/ultralytics/ultralytics/blob/main/ultralytics/data/augment.py LetterBox
 * @see https://github.com/Megvii-BaseDetection/YOLOX/blob/main/yolox/data/data_augment.py preproc
 */
function letterboxed({ width, height }: Size, step: Extract<ImageStepOf<'resize'>, { fit: 'letterbox' }>): Geometry {
  const ratio = Math.min(step.height / height, step.width / width);
  const isCorner = step.place === 'corner';
  const side = (pixels: number) => Math.max(1, isCorner ? Math.trunc(pixels * ratio) : roundEven(pixels * ratio));
  const resized = { width: side(width), height: side(height) };
  // Half a pixel more goes to the right and the bottom.
  const margin = (room: number) => (isCorner ? 0 : Math.max(0, Math.round(room / 2 - 0.1)));
  return {
    ...whole(resized, step.filter),
    at: { left: margin(step.width - resized.width), top: margin(step.height - resized.height) },
    result: { width: step.width, height: step.height },
    frame: step.value,
  };
}

function cropped(plan: Geometry, { width, height, margin }: ImageStepOf<'crop'>): Geometry {
  const across = cut(plan.result.width, width, margin);
  const down = cut(plan.result.height, height, margin);
  return {
    ...plan,
    window: { left: across.from, top: down.from, width: across.length, height: down.length },
    at: { left: across.at, top: down.at },
    result: { width, height },
    frame: 0,
  };
}

/** Along one axis: what is kept of `has` pixels where `wants` are asked for, and where it lies among them. */
function cut(has: number, wants: number, margin: 'floor' | 'even'): { from: number; at: number; length: number } {
  const half = (pixels: number) => (margin === 'even' ? roundEven(pixels / 2) : Math.floor(pixels / 2));
  if (has >= wants) return { from: half(has - wants), at: 0, length: wants };
  // The larger margin comes first here, as transformers does it.
  return { from: 0, at: Math.ceil((wants - has) / 2), length: has };
}

function padded(plan: Geometry, { width, height, value }: ImageStepOf<'pad'>): Geometry {
  const { result } = plan;
  if (result.width > width || result.height > height) {
    throw invalid(
      `pad: expected a picture of at most ${height}x${width} (height x width), got ${result.height}x${result.width}`,
    );
  }
  return { ...plan, result: { width, height }, frame: value };
}

/** Halves to the even number: as Python rounds. */
function roundEven(value: number): number {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}
