// How large a picture has to travel, so that the steps at the PoP find in it what they would have found in the whole one.

import type { ImageInput } from '../../registry/pipeline/image-input.ts';
import { imageStep } from '../../registry/pipeline/image-step.ts';
import { planGeometry, type Size } from '../../worker/pipeline/geometry.ts';

export interface Plan extends Size {
  /** Whether each pixel is one of the picture's own, not a mixture. */
  readonly nearest: boolean;
}

/**
 * A picture of about this many pixels is 10 to 50 KB as a JPEG. It is twice as long and as wide as what a resize to 224 x 224 makes of
 * it, so that its filter decides, and what JPEG loses is mostly between the pixels that are made.
 */
const enoughPixels = 200_000;

/**
 * @param size of the picture, upright if the pipeline turns pictures
 * @returns its own size, or a smaller one of the same shape: never less than the pipeline's resize makes of it
 * @throws {PopserveError} the registry's, for a picture that the pipeline does not take
 */
export function planSize(size: Size, image: Pick<ImageInput, 'steps'>): Plan {
  const { resized, filter } = planGeometry(size, image);
  const step = imageStep(image, 'resize');
  const nearest = filter === 'nearest' && step !== undefined;
  const least = Math.max(resized.width / size.width, resized.height / size.height);
  // A mixture would give a filter that takes single pixels others than it would take; so they are taken here, by the same rule.
  const surplus = nearest ? 1 : Math.sqrt(enoughPixels / (resized.width * resized.height));
  const scale = least * Math.max(surplus, 1);
  if (step === undefined || scale >= 1) return { ...pick(size), nearest };
  const side = (pixels: number) => Math.ceil(pixels * scale);
  return { width: side(size.width), height: side(size.height), nearest };
}

function pick({ width, height }: Size): Size {
  return { width, height };
}
