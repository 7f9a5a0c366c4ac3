// The options of `popserve publish` that make up a pipeline, and what is published of a folder.
import { type Command, Option } from 'commander';
import type { ImageStep } from '../../registry/pipeline/image-input.ts';
import type { LabelsFile } from '../publish/options.ts';
import { type HubFolder, readHubFolder } from '../publish/pipeline/hub-folder.ts';
import type { FoundStep } from '../publish/pipeline/image-processor.ts';
import { type LineSize, lineStep } from '../publish/pipeline/plan-line.ts';
import { type PipelineOptions, type PipelineTask, pipelineTasks } from '../publish/pipeline/plan-pipeline.ts';
import { imageStepsOf, planPreprocessing } from '../validation/folder/preprocess.ts';
import { type GateArguments, imageOptions } from './gate-options.ts';
import { addLineOptions, type LineArguments, lineOptions, requireWriting, writingOptions } from './line-options.ts';
import { UsageError } from './usage-error.ts';

export interface PipelineArguments extends LineArguments {
  variant?: string;
  scores?: 'softmax' | 'sigmoid' | 'none';
  imageColour?: 'rgb' | 'bgr';
}

export function addPipelineOptions(command: Command): Command {
  const options = command
    .option('--variant <name>', "of a folder's models: quantized for model_quantized.onnx")
    .addOption(
      new Option(
        '--scores <how>',
        'from the values of a picture model to scores (default: by config.json or the graph)',
      ).choices(['softmax', 'sigmoid', 'none']),
    )
    .addOption(
      new Option('--image-colour <order>', 'of the channels of a picture model (default: rgb)').choices(['rgb', 'bgr']),
    );
  return addLineOptions(options);
}

export interface Published {
  /** The model itself. */
  readonly file: string;
  readonly pipeline: PipelineOptions | undefined;
  /** Undefined where the pipeline has read them. */
  readonly labels: readonly LabelsFile[] | undefined;
}

/**
 * @param path a model, or a folder as the Hugging Face Hub has it
 * @throws {UsageError} for options that do not go together
 * @throws {PopserveError} INVALID_ARGUMENT for a folder that cannot be read
 */
export async function whatIsPublished(path: string, options: PipelineArguments & GateArguments): Promise<Published> {
  const folder = await readHubFolder(path, options.variant);
  if (folder === null && options.variant !== undefined) {
    throw new UsageError('--variant goes with a folder: a file is published as it is');
  }
  const task = pipelineTasks.find((each) => each === options.task) ?? null;
  requireWriting(task, options);
  if (folder === null && task === null) {
    if (options.scores !== undefined) throw new UsageError(`--scores goes with --task ${pipelineTasks.join(' or ')}`);
    if (options.imageColour !== undefined || lineOptions(options) !== null) {
      throw new UsageError(
        '--image-colour, --image-height, --image-width and --image-padding go with a --task that takes pictures',
      );
    }
    return { file: path, pipeline: undefined, labels: options.labels };
  }
  const writing = await writingOptions(task, options);
  return {
    file: folder?.model ?? path,
    pipeline: { ...pipelineOptions(folder, task, options), ...(writing === null ? {} : { writing }) },
    labels: writing === null ? options.labels : undefined,
  };
}

function pipelineOptions(
  folder: HubFolder | null,
  task: PipelineTask | null,
  options: PipelineArguments & GateArguments,
): PipelineOptions {
  const line = lineOptions(options);
  const images = imageOptions(line === null ? options : { ...options, imageResize: 'none' });
  if (folder?.imageProcessor && (images !== undefined || options.imageColour !== undefined)) {
    throw new UsageError(
      "the options for images do not go with the folder's preprocessor_config.json: change that file",
    );
  }
  if (folder === null) requireImageOptions(options);
  return {
    task,
    folder,
    activation: options.scores ?? null,
    imageSteps:
      images === undefined ? null : (spec) => stepsOf(planPreprocessing(spec, images), spec.datatype, options, line),
  };
}

/** A guess would be right for most models and silently wrong for the others. */
function requireImageOptions(options: PipelineArguments & GateArguments): void {
  const { imageResize, imageScale, imageMean, imageStd } = options;
  const missing = [
    ...(imageResize === undefined && lineOptions(options) === null ? ['--image-resize'] : []),
    ...(imageScale === undefined ? ['--image-scale'] : []),
    ...(imageMean === undefined ? ['--image-mean'] : []),
    ...(imageStd === undefined ? ['--image-std'] : []),
  ];
  if (missing.length === 0) return;
  throw new UsageError(
    `--task says that pictures are served, and not how they are prepared; give ${missing.join(', ')} as the model was trained: --image-resize 256 --image-scale 0-1 --image-mean 0.485,0.456,0.406 --image-std 0.229,0.224,0.225 for most of ImageNet's`,
  );
}

/** Which options decide a step. */
const optionsOf: Partial<Record<ImageStep['step'], string>> = {
  resize: '--image-resize',
  crop: '--image-crop, or the size of the input',
  scale: '--image-scale',
  normalise: '--image-mean, --image-std',
};

/** Without the steps that every picture has, and the layout of the input. */
function stepsOf(
  plan: ReturnType<typeof planPreprocessing>,
  datatype: Parameters<typeof imageStepsOf>[1],
  { imageColour }: PipelineArguments,
  line: LineSize | null,
): FoundStep[] {
  const found = imageStepsOf(plan, datatype)
    .steps.filter(({ step }) => step !== 'decode' && step !== 'layout')
    .map((step) => ({ step, from: optionsOf[step.step] ?? 'the model' }));
  return found.flatMap((each): FoundStep[] => {
    if (each.step.step !== 'colour') return [each];
    const colour = imageColour === undefined ? each : withColour(each, imageColour);
    const from = '--image-height, --image-width, --image-padding';
    return line === null ? [colour] : [colour, { step: lineStep(line), from }];
  });
}

function withColour({ step, from }: FoundStep, to: 'rgb' | 'bgr'): FoundStep {
  if (step.step === 'colour' && step.to !== 'grey') return { step: { step: 'colour', to }, from: '--image-colour' };
  throw new UsageError(`--image-colour ${to}: the model takes grey pictures, by ${from}`);
}
