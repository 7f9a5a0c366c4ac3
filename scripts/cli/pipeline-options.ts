// The options of `popserve publish` that make up a pipeline, and what is published of a folder.
import { type Command, Option } from 'commander';
import type { ImageStep } from '../../registry/pipeline/image-input.ts';
import { type HubFolder, readHubFolder } from '../publish/pipeline/hub-folder.ts';
import type { FoundStep } from '../publish/pipeline/image-processor.ts';
import { type PipelineOptions, type PipelineTask, pipelineTasks } from '../publish/pipeline/plan-pipeline.ts';
import { imageStepsOf, planPreprocessing } from '../validation/folder/preprocess.ts';
import { type GateArguments, imageOptions } from './gate-options.ts';
import { UsageError } from './usage-error.ts';

export interface PipelineArguments {
  variant?: string;
  scores?: 'softmax' | 'sigmoid' | 'none';
}

export function addPipelineOptions(command: Command): Command {
  return command
    .option('--variant <name>', "of a folder's models: quantized for model_quantized.onnx")
    .addOption(
      new Option(
        '--scores <how>',
        'from the values of a picture model to scores (default: by config.json or the graph)',
      ).choices(['softmax', 'sigmoid', 'none']),
    );
}

export interface Published {
  /** The model itself. */
  readonly file: string;
  readonly pipeline: PipelineOptions | undefined;
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
  if (folder === null && task === null) {
    if (options.scores !== undefined) throw new UsageError(`--scores goes with --task ${pipelineTasks.join(' or ')}`);
    return { file: path, pipeline: undefined };
  }
  return { file: folder?.model ?? path, pipeline: pipelineOptions(folder, task, options) };
}

function pipelineOptions(
  folder: HubFolder | null,
  task: PipelineTask | null,
  options: PipelineArguments & GateArguments,
): PipelineOptions {
  const images = imageOptions(options);
  if (folder?.imageProcessor && images !== undefined) {
    throw new UsageError(
      "the options for images do not go with the folder's preprocessor_config.json: change that file",
    );
  }
  if (folder === null) requireImageOptions(options);
  return {
    task,
    folder,
    activation: options.scores ?? null,
    imageSteps: images === undefined ? null : (spec) => stepsOf(planPreprocessing(spec, images), spec.datatype),
  };
}

/** A guess would be right for most models and silently wrong for the others. */
function requireImageOptions({ imageResize, imageScale, imageMean, imageStd }: GateArguments): void {
  const missing = [
    ...(imageResize === undefined ? ['--image-resize'] : []),
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
): FoundStep[] {
  return imageStepsOf(plan, datatype)
    .steps.filter(({ step }) => step !== 'decode' && step !== 'layout')
    .map((step) => ({ step, from: optionsOf[step.step] ?? 'the model' }));
}
