// Finds a step among those of a picture's way in; apart from the schemas, so that the client for browsers does not carry those.
import type { ImageInput, ImageStep, ImageStepOf } from './image-input.ts';

/** The step of this name; undefined where the pipeline has none. */
export function imageStep<N extends ImageStep['step']>(
  { steps }: Pick<ImageInput, 'steps'>,
  name: N,
): ImageStepOf<N> | undefined {
  return steps.find((step): step is ImageStepOf<N> => step.step === name);
}
