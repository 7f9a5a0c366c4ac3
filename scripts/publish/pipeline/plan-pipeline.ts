// The pipeline of a version, from a folder of the Hub, the metadata of an export or the command line: each step with where it comes from.
import { invalid } from '../../../registry/errors.ts';
import type { OutputRole } from '../../../registry/output-role.ts';
import { type ImageInput, type ImageStepOf, pictureFormats } from '../../../registry/pipeline/image-input.ts';
import type { Pipeline } from '../../../registry/pipeline/pipeline.ts';
import type { Signature, TensorSpec } from '../../../registry/signature.ts';
import type { Labels } from './box-options.ts';
import { completeBoxes } from './complete-boxes.ts';
import { completeClassification } from './complete-classification.ts';
import { completePool } from './complete-pool.ts';
import { completeSpans } from './complete-spans.ts';
import { describeStep } from './describe-step.ts';
import type { HubFolder } from './hub-folder.ts';
import { type FoundStep, processorSteps } from './image-processor.ts';
import { type ImageTask, isTextTask, type PipelineOptions, taskOf } from './options.ts';
import { planCtc, requireLineFit } from './plan-line.ts';
import { type PlannedText, planText } from './plan-text.ts';
import { exportSteps } from './ultralytics.ts';

export type PlannedInput = PlannedImage | PlannedText;

export interface PlannedImage {
  readonly task: ImageTask;
  readonly image: ImageInput;
  /** A line for each step: what it does, where it comes from. */
  readonly rows: readonly (readonly [step: string, from: string])[];
}

/**
 * @returns null for a model without a pipeline
 * @throws {PopserveError} INVALID_ARGUMENT naming what the folder lacks, or where it contradicts the model's input
 */
export function planInput(options: PipelineOptions, signature: Signature): PlannedInput | null {
  const task = taskOf(options);
  if (task === null) return null;
  return isTextTask(task) ? planText(options, task, signature) : planImage(options, task, signature);
}

function planImage(options: PipelineOptions, task: ImageTask, signature: Signature): PlannedImage {
  const spec = imageInput(signature);
  const { order, channels, height, width } = axesOf(spec);
  const found = stepsOf(options, spec);
  const steps: FoundStep[] = [
    { step: { step: 'decode', formats: [...pictureFormats] }, from: 'every picture' },
    { step: { step: 'orient' }, from: 'every picture' },
    ...found,
    {
      step: { step: 'layout', order, datatype: spec.datatype as ImageStepOf<'layout'>['datatype'] },
      from: `input '${spec.name}' ${spec.datatype} [${spec.shape}]`,
    },
  ];
  requireFit(steps, { channels, height, width }, spec);
  return {
    task,
    image: { input: spec.name, steps: steps.map(({ step }) => step) },
    rows: steps.map(({ step, from }) => [describeStep(step), from]),
  };
}

function imageInput({ inputs }: Signature): TensorSpec {
  const [input, ...others] = inputs;
  if (input !== undefined && others.length === 0) return input;
  if (inputs.some(({ name }) => name === 'pixel_mask')) {
    throw invalid("input 'pixel_mask' is not supported: export the model with 'pixel_values' as its only input");
  }
  throw invalid(
    `a picture goes into a model of one input, this one has ${inputs.map(({ name }) => `'${name}'`).join(', ')}`,
  );
}

const imageTypes = ['FP16', 'FP32', 'FP64', 'UINT8', 'INT8'];

function axesOf({ name, datatype, shape }: TensorSpec) {
  const [, second = 0, third = 0, fourth = 0] = shape;
  const isChannels = (size: number) => size === 1 || size === 3;
  if (shape.length !== 4 || isChannels(second) === isChannels(fourth) || !imageTypes.includes(datatype)) {
    throw invalid(
      `input '${name}' takes no pictures: expected ${imageTypes.join(', ')} of [N,C,H,W] or [N,H,W,C] with 1 or 3 channels, it is ${datatype} [${shape}]`,
    );
  }
  if (isChannels(second)) return { order: 'nchw', channels: second, height: third, width: fourth } as const;
  return { order: 'nhwc', channels: fourth, height: second, width: third } as const;
}

function stepsOf({ folder, exported, imageSteps }: PipelineOptions, spec: TensorSpec): readonly FoundStep[] {
  if (imageSteps !== null) return imageSteps(spec);
  const steps = folder?.imageProcessor ? processorSteps(folder.imageProcessor) : exported && exportSteps(exported);
  if (steps) return steps;
  if (folder === null) {
    throw invalid(
      'nothing says how pictures are prepared: give --image-resize or --image-letterbox and the other options for images',
    );
  }
  throw invalid(
    'the folder has no preprocessor_config.json; say how pictures are prepared with --image-resize and the other options for images',
  );
}

/** What the steps make has to be what the model takes. */
function requireFit(
  steps: readonly FoundStep[],
  { channels, height, width }: { readonly channels: number; readonly height: number; readonly width: number },
  spec: TensorSpec,
): void {
  const { name, shape } = spec;
  const colour = steps.find(({ step }) => step.step === 'colour');
  const made = colour?.step.step === 'colour' && colour.step.to === 'grey' ? 1 : 3;
  if (made !== channels) {
    throw invalid(
      `${colour?.from ?? 'the steps'} gives ${made} channels, input '${name}' [${shape}] takes ${channels}`,
    );
  }
  const resize = steps.find(({ step }) => step.step === 'resize')?.step;
  requireLineFit(resize, { height, width }, spec);
  if (resize?.step === 'resize' && resize.fit === 'height') return;
  const last = steps.findLast(({ step }) => step.step === 'resize' || step.step === 'crop' || step.step === 'pad');
  if (last === undefined) return;
  if (!('height' in last.step && 'width' in last.step)) {
    if (height === -1 && width === -1) return;
    throw invalid(
      `${last.from} makes pictures of any shape (${describeStep(last.step)}), input '${name}' [${shape}] takes ${height}x${width}`,
    );
  }
  const fits = (size: number, own: number) => own === -1 || own === size;
  if (fits(last.step.height, height) && fits(last.step.width, width)) return;
  throw invalid(
    `${last.from} makes pictures of ${last.step.height}x${last.step.width} (height x width), input '${name}' [${shape}] takes ${height}x${width}`,
  );
}

export interface CompletedPipeline {
  readonly pipeline: Pipeline;
  /** A line for each step: what it does, where it comes from. */
  readonly steps: readonly (readonly [step: string, from: string])[];
}

/**
 * The whole pipeline, once labels and roles are known.
 * @throws {PopserveError} INVALID_ARGUMENT where nothing says which output or classes are meant
 */
export function completePipeline(
  planned: PlannedInput,
  options: PipelineOptions,
  model: {
    readonly signature: Signature;
    readonly labels: Readonly<Record<string, readonly (string | number)[]>>;
    readonly roles: readonly OutputRole[] | undefined;
  },
): CompletedPipeline {
  const { signature, roles } = model;
  const folderLabels = labelsOf(options);
  const { rows } = planned;
  switch (planned.task) {
    case 'feature-extraction': {
      const { task, text } = planned;
      const { after, rows: own } = completePool(options, signature);
      return { pipeline: { schema: 1, task, text, after }, steps: [...rows, ...own] };
    }
    case 'text-classification': {
      const { task, text } = planned;
      const completed = completeClassification(options, { signature, roles, ownLabels: model.labels, folderLabels });
      return { pipeline: { schema: 1, task, text, after: completed.after }, steps: [...rows, ...completed.rows] };
    }
    case 'token-classification': {
      const { task, text } = planned;
      const { after, rows: own } = completeSpans(options, { signature, roles, labels: folderLabels });
      return { pipeline: { schema: 1, task, text, after }, steps: [...rows, ...own] };
    }
    case 'image-feature-extraction': {
      const { task, image } = planned;
      const { after, rows: own } = completePool(options, signature);
      return { pipeline: { schema: 1, task, image, after }, steps: [...rows, ...own] };
    }
    case 'image-to-text': {
      const { task, image } = planned;
      const { writing, activation } = options;
      if (writing === undefined) throw invalid('image-to-text needs --labels FILE and --blank first or last');
      const { after, row } = planCtc(writing, activation, model);
      return { pipeline: { schema: 1, task, image, after }, steps: [...rows, row] };
    }
    case 'image-classification': {
      const { task, image } = planned;
      const completed = completeClassification(options, { signature, roles, ownLabels: model.labels, folderLabels });
      return {
        pipeline: { schema: 1, task, image, after: completed.after },
        steps: [...rows, ...completed.rows],
      };
    }
    case 'object-detection': {
      const { task, image } = planned;
      const labels = options.boxes.labels ?? folderLabels;
      const completed = completeBoxes(options, { signature, roles, labels, image });
      return {
        pipeline: { schema: 1, task, image, after: completed.after },
        steps: [...rows, ...completed.rows],
      };
    }
  }
}

function labelsOf({ folder, exported }: PipelineOptions): Labels | null {
  const names = folderLabels(folder);
  if (names !== null) return { names, from: 'config.json: id2label' };
  return exported === null ? null : { names: exported.names, from: 'metadata of the model: names' };
}

function folderLabels(folder: HubFolder | null): string[] | null {
  const named = folder?.config?.id2label;
  if (named === undefined) return null;
  const count = Object.keys(named).length;
  return Array.from({ length: count }, (_, index) => {
    const label = named[index];
    if (label === undefined) throw invalid(`config.json: id2label has ${count} classes, and none is number ${index}`);
    return label;
  });
}
