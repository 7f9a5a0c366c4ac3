// The steps of a pipeline in words, for the table that publishing prints.
import type { BoxesStep, BoxForm } from '../../../registry/pipeline/boxes.ts';
import type { ImageStep, ImageStepOf } from '../../../registry/pipeline/image-input.ts';

export function describeStep(step: ImageStep): string {
  switch (step.step) {
    case 'decode':
      return `decode ${step.formats.join(', ')}`;
    case 'orient':
      return 'turn as EXIF data say';
    case 'colour':
      return `colours ${step.to}`;
    case 'resize':
      return `resize ${describeFit(step)}, ${step.filter}`;
    case 'crop':
      return `crop ${step.height}x${step.width} from the centre`;
    case 'pad':
      return `pad to ${step.height}x${step.width} with ${step.value}`;
    case 'scale':
      return `times ${Number(step.by.toPrecision(6))}`;
    case 'normalise':
      return `less ${step.mean.join(', ')}, divided by ${step.std.join(', ')}`;
    case 'layout':
      return `${step.datatype} in ${step.order.toUpperCase()}`;
  }
}

function describeFit(step: ImageStepOf<'resize'>): string {
  switch (step.fit) {
    case 'fill':
      return `to ${step.height}x${step.width}`;
    case 'shortest': {
      const longest = step.longest === undefined ? '' : `, the longer one to at most ${step.longest}`;
      const multiple = step.multiple === undefined ? '' : `, to multiples of ${step.multiple}`;
      return `the shorter side to ${step.size}${longest}${multiple}`;
    }
    case 'letterbox':
      return `into ${step.height}x${step.width}${step.place === 'corner' ? ' at the top left' : ''}, framed with ${step.value}`;
    case 'height':
      return `to a height of ${step.height}, ${step.leastWidth} to ${step.mostWidth} wide, padded with ${step.padding} after normalisation`;
  }
}

export function describeForm(form: BoxForm): string {
  switch (form.form) {
    case 'yolo':
      return `boxes yolo of '${form.output}', in ${form.candidates} with${form.objectness ? '' : 'out'} an objectness`;
    case 'yolox':
      return `boxes yolox of '${form.output}', strides ${form.strides.join(', ')}`;
    case 'ssd':
      return `boxes ssd of '${form.boxes}', scores of '${form.scores}' ${describeScores(form)}`;
    case 'detr':
      return `boxes detr of '${form.boxes}', scores of '${form.scores}' by ${form.activation}`;
    case 'decoded':
      return `boxes of '${form.boxes}' as ${form.as} in ${form.units}, scores of '${form.scores}' ${describeScores(form)}`;
  }
}

function describeScores({ activation, background }: Extract<BoxForm, { background: unknown }>): string {
  return `${activation === 'none' ? 'as they are' : `by ${activation}`}, background ${background}`;
}

export function describeOverlap({ iou }: BoxesStep): string {
  return iou === null ? 'overlapping boxes all stay' : `of boxes that overlap by more than ${iou} the best`;
}
