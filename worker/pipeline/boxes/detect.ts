// The step `boxes`: from a detector's outputs to objects with their boxes, in pixels of the picture that was sent.
import type { DetectedObject } from '../../../registry/api/task-answers.ts';
import type { BoxesStep, BoxForm } from '../../../registry/pipeline/boxes.ts';
import type { Tensor } from '../../protocol/tensor.ts';
import type { PictureItem } from '../items.ts';
import { Candidates } from './candidates.ts';
import { readDecoded } from './decoded.ts';
import { readDetr } from './detr.ts';
import type { BoxContext } from './form.ts';
import type { Corners } from './overlap.ts';
import { toPicture } from './place-boxes.ts';
import { readSsd } from './ssd.ts';
import { type Scored, suppress } from './suppress.ts';
import { readYolo } from './yolo.ts';
import { readYolox } from './yolox.ts';

/**
 * @example
 * detectObjects(outputs, step, items, { threshold: 0.5 }); // [[{ label: 'cat', score: 0.9, box: { xmin: 12, … } }]]
 *
 * @param output the model's output of a name, with a row for each item
 * @returns for each picture its objects, the highest score first
 * @throws {PopserveError} INVALID_ARGUMENT for outputs that are not of the step's form
 */
export function detectObjects(
  output: (name: string) => Tensor,
  step: BoxesStep,
  items: readonly PictureItem[],
  { threshold = step.threshold }: { readonly threshold?: number } = {},
): DetectedObject[][] {
  return items.map((picture, item) => {
    const found = new Candidates(threshold);
    const context = { item, input: picture.geometry.result, classes: step.labels.length };
    const objects: DetectedObject[] = [];
    for (const { corners, score, label } of suppress(
      placed(found, read(step.decode, output, context, found)),
      step.iou,
    )) {
      if (objects.length === step.most) break;
      const box = toPicture(corners, picture);
      if (box !== null) objects.push({ label: step.labels[label] ?? '', score, box });
    }
    return objects;
  });
}

function read(
  form: BoxForm,
  output: (name: string) => Tensor,
  context: BoxContext,
  found: Candidates,
): (place: number) => Corners {
  switch (form.form) {
    case 'yolo':
      return readYolo(form, output, context, found);
    case 'yolox':
      return readYolox(form, output, context, found);
    case 'ssd':
      return readSsd(form, output, context, found);
    case 'detr':
      return readDetr(form, output, context, found);
    case 'decoded':
      return readDecoded(form, output, context, found);
  }
}

function* placed(found: Candidates, cornersOf: (place: number) => Corners): Generator<Scored> {
  for (const { score, place, label } of found.best()) {
    const corners = cornersOf(place);
    if (corners.every(Number.isFinite)) yield { corners, score, label };
  }
}
