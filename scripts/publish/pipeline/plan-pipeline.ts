// The pipeline of a version, from a folder of the Hub or from the command line: each step with where it comes from.
import { invalid } from '../../../registry/errors.ts';
import type { OutputRole } from '../../../registry/output-role.ts';
import type { Classification } from '../../../registry/pipeline/classify.ts';
import type { ImageInput, ImageStep, ImageStepOf } from '../../../registry/pipeline/image-input.ts';
import { pictureFormats } from '../../../registry/pipeline/image-input.ts';
import type { Pipeline } from '../../../registry/pipeline/pipeline.ts';
import type { Signature, TensorSpec } from '../../../registry/signature.ts';
import type { HubFolder } from './hub-folder.ts';
import { type FoundStep, processorSteps } from './image-processor.ts';
import { planCtc, requireLineFit, type WritingOptions } from './plan-line.ts';

/** Tasks that `--task` takes for a pipeline, and the class names of the Hub's models that are of each. */
export const pipelineTasks = ['image-classification', 'image-to-text'] as const;
export type PipelineTask = (typeof pipelineTasks)[number];
const architectures: Readonly<Partial<Record<PipelineTask, RegExp>>> = {
  'image-classification': /ForImageClassification$/,
};

export interface PipelineOptions {
  /** As `--task` says it; null: by the folder's config.json. */
  readonly task: PipelineTask | null;
  readonly folder: HubFolder | null;
  /** How values become scores, as `--scores` says it; null: by the folder or the graph. */
  readonly activation: Classification['activation'] | null;
  /** Steps from the command line, without a folder's processor. */
  readonly imageSteps: ((spec: TensorSpec) => readonly FoundStep[]) | null;
  /** What the classes of image-to-text write. */
  readonly writing?: WritingOptions;
}

export interface PlannedImage {
  readonly task: PipelineTask;
  readonly image: ImageInput;
  /** A line for each step: what it does, where it comes from. */
  readonly rows: readonly (readonly [step: string, from: string])[];
}

/**
 * @returns null for a model without a pipeline
 * @throws {PopserveError} INVALID_ARGUMENT naming what the folder lacks, or where it contradicts the model's input
 */
export function planImage(options: PipelineOptions, signature: Signature): PlannedImage | null {
  const task = taskOf(options);
  if (task === null) return null;
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

function taskOf({ task, folder }: PipelineOptions): PipelineTask | null {
  if (task !== null) return task;
  if (folder === null) return null;
  const names = folder.config?.architectures;
  if (names === undefined) {
    throw invalid(
      'the folder has no config.json with architectures, which say the task: give --task, or publish the .onnx itself to serve its tensors',
    );
  }
  const found = pipelineTasks.find((each) => names.some((name) => architectures[each]?.test(name)));
  if (found !== undefined) return found;
  throw invalid(
    `config.json: ${names.join(', ')} is of no task that is supported: expected ${pipelineTasks.join(', ')}; publish the .onnx itself to serve its tensors`,
  );
}

function imageInput({ inputs }: Signature): TensorSpec {
  const [input, ...others] = inputs;
  if (input !== undefined && others.length === 0) return input;
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

function stepsOf({ folder, imageSteps }: PipelineOptions, spec: TensorSpec): readonly FoundStep[] {
  if (imageSteps !== null) return imageSteps(spec);
  if (folder?.imageProcessor) return processorSteps(folder.imageProcessor);
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
  requireLineFit(steps.find(({ step }) => step.step === 'resize')?.step, { height, width }, spec);
  const last = steps.findLast(({ step }) => 'height' in step && 'width' in step);
  if (last === undefined || !('height' in last.step && 'width' in last.step)) return;
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
  { task, image, rows }: PlannedImage,
  { folder, activation, writing }: PipelineOptions,
  model: {
    readonly signature: Signature;
    readonly labels: Readonly<Record<string, readonly (string | number)[]>>;
    readonly roles: readonly OutputRole[] | undefined;
  },
): CompletedPipeline {
  if (task === 'image-to-text') {
    if (writing === undefined) throw invalid('image-to-text needs --labels FILE and --blank first or last');
    const { after, row } = planCtc(writing, activation, model);
    return { pipeline: { schema: 1, task, image, after }, steps: [...rows, row] };
  }
  const output = scoresOutput(model.signature);
  const own = model.labels[output.name]?.map(String);
  const labels = own ?? folderLabels(folder);
  const classes = output.shape.at(-1) ?? -1;
  if (labels === null) {
    throw invalid(
      `nothing names the ${classes} classes of output '${output.name}': give --labels FILE, or a config.json with id2label`,
    );
  }
  if (classes !== -1 && classes !== labels.length) {
    throw invalid(
      `config.json names ${labels.length} classes, output '${output.name}' [${output.shape}] has ${classes}`,
    );
  }
  const [how, from] = activationOf(activation, folder, model.roles, output.name);
  const after: Classification = {
    step: 'classify',
    output: output.name,
    activation: how,
    labels,
    topK: Math.min(5, labels.length),
  };
  return {
    pipeline: { schema: 1, task, image, after },
    steps: [...rows, [`${how === 'none' ? 'scores as they are' : how}, ${labels.length} classes`, from]],
  };
}

function scoresOutput({ outputs }: Signature): TensorSpec {
  const [output, ...others] = outputs.filter(({ datatype }) => /^(FP|BF)/.test(datatype));
  if (output !== undefined && others.length === 0) return output;
  throw invalid(
    `expected one output with a score for each class, the model has ${outputs.map(({ name }) => `'${name}'`).join(', ')}`,
  );
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

function activationOf(
  said: Classification['activation'] | null,
  folder: HubFolder | null,
  roles: readonly OutputRole[] | undefined,
  output: string,
): readonly [Classification['activation'], string] {
  if (said !== null) return [said, '--scores'];
  if (roles?.find((role) => role.output === output)?.isShare) return ['none', 'the graph ends in probabilities'];
  const problem = folder?.config?.problem_type;
  if (problem === 'multi_label_classification') return ['sigmoid', 'config.json: problem_type'];
  if (problem === 'single_label_classification') return ['softmax', 'config.json: problem_type'];
  // transformers' own pipeline decides so where the file says nothing.
  if (folder?.config?.id2label !== undefined) return ['softmax', 'several classes, as transformers does it'];
  throw invalid(
    `nothing says how the values of output '${output}' become scores: give --scores softmax (one class is right), sigmoid (each for itself) or none (they are scores already)`,
  );
}

function describeStep(step: ImageStep): string {
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
    case 'shortest':
      return `the shorter side to ${step.size}`;
    case 'letterbox':
      return `into ${step.height}x${step.width}, framed with ${step.value}`;
    case 'height':
      return `to a height of ${step.height}, ${step.leastWidth} to ${step.mostWidth} wide, padded with ${step.padding} after normalisation`;
  }
}
