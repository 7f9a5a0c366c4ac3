// What is published of a folder or a file, and the pipeline around it, from the options of `popserve publish`.
import { readFile } from 'node:fs/promises';
import { PopserveError } from '../../registry/errors.ts';
import type { ImageStep } from '../../registry/pipeline/image-input.ts';
import type { TensorSpec } from '../../registry/signature.ts';
import { readModel } from '../onnx/model-file.ts';
import type { LabelsFile } from '../publish/options.ts';
import { readHubFolder } from '../publish/pipeline/hub-folder.ts';
import type { FoundStep } from '../publish/pipeline/image-processor.ts';
import { isTextTask, type PipelineOptions, pipelineTasks, taskOf } from '../publish/pipeline/options.ts';
import { lineStep } from '../publish/pipeline/plan-line.ts';
import { exportSteps, readUltralytics, type UltralyticsExport } from '../publish/pipeline/ultralytics.ts';
import { imageStepsOf, planPreprocessing } from '../validation/folder/preprocess.ts';
import { type BoxArguments, boxOptions, boxOptionsGiven } from './box-arguments.ts';
import type { GateArguments } from './gate-options.ts';
import { imageOptions } from './image-options.ts';
import { type LineArguments, lineOptions, requireWriting, writingOptions } from './line-options.ts';
import { requireTextTask, type TextArguments, textOptions } from './text-options.ts';
import { UsageError } from './usage-error.ts';

export interface PipelineArguments extends BoxArguments, LineArguments, TextArguments {
  variant?: string;
  scores?: 'softmax' | 'sigmoid' | 'none';
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
  const exported = folder === null ? await exportOf(path) : null;
  const served = taskOf({ task, folder, exported });
  if (served === null && options.scores !== undefined) {
    throw new UsageError(`--scores goes with --task ${pipelineTasks.join(' or ')}`);
  }
  if (served === null && arePicturesSaid(options)) {
    throw new UsageError(
      '--image-letterbox, --image-colour, --image-height, --image-width and --image-padding go with a --task that takes pictures',
    );
  }
  const [boxOption] = boxOptionsGiven(options);
  if (served !== 'object-detection' && boxOption !== undefined) {
    throw new UsageError(`${boxOption} goes with --task object-detection`);
  }
  requireTextTask(served, options);
  const file = folder?.model ?? path;
  if (served === null) return { file, pipeline: undefined, labels: options.labels };
  const [writing, boxes] = [
    await writingOptions(task, options),
    served === 'object-detection' ? await boxOptions(options) : {},
  ];
  return {
    file,
    pipeline: {
      ...pipelineOptions({ folder, task, exported }, options),
      boxes,
      text: textOptions(options),
      ...(writing === null ? {} : { writing }),
    },
    labels: writing === null && boxes.labels === undefined ? options.labels : undefined,
  };
}

/** Null for a file that is no model, which is told later. */
async function exportOf(path: string): Promise<UltralyticsExport | null> {
  if (!path.endsWith('.onnx')) return null;
  const bytes = await readFile(path).catch(() => null);
  if (bytes === null) return null;
  try {
    return readUltralytics(readModel(new Uint8Array(bytes)));
  } catch (error) {
    if (error instanceof PopserveError && error.code === 'INVALID_ARGUMENT') throw error;
    return null;
  }
}

function arePicturesSaid(options: PipelineArguments & GateArguments): boolean {
  const { imageLetterbox, imageColour } = options;
  return imageLetterbox !== undefined || imageColour !== undefined || lineOptions(options) !== null;
}

function pipelineOptions(
  source: Pick<PipelineOptions, 'folder' | 'task' | 'exported'>,
  options: PipelineArguments & GateArguments,
): Omit<PipelineOptions, 'boxes' | 'text' | 'writing'> {
  const { folder, exported } = source;
  const isSaid = arePicturesSaid(options) || imageOptions(options) !== undefined;
  if (folder?.imageProcessor && isSaid) {
    throw new UsageError(
      "the options for images do not go with the folder's preprocessor_config.json: change that file",
    );
  }
  const isKnown = exported !== null && exportSteps(exported) !== null;
  const task = taskOf(source);
  if (isTextTask(task)) {
    if (isSaid) throw new UsageError(`the options for images do not go with ${task}, which takes texts`);
  } else if (folder === null && (isSaid || !isKnown)) requireImageOptions(options);
  return {
    ...source,
    activation: options.scores ?? null,
    imageSteps: isSaid ? (spec) => stepsOf(spec, options) : null,
  };
}

/** A guess would be right for most models and silently wrong for the others. */
function requireImageOptions(options: PipelineArguments & GateArguments): void {
  const { imageResize, imageLetterbox, imageScale, imageMean, imageStd } = options;
  if (imageResize !== undefined && imageLetterbox !== undefined) {
    throw new UsageError('--image-resize does not go with --image-letterbox: a picture is resized once');
  }
  const isSized = imageResize !== undefined || imageLetterbox !== undefined || lineOptions(options) !== null;
  const missing = [
    ...(!isSized ? ['--image-resize (or --image-letterbox)'] : []),
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
function stepsOf(spec: TensorSpec, options: PipelineArguments & GateArguments): FoundStep[] {
  const { imageLetterbox, imageColour } = options;
  const line = lineOptions(options);
  const images = imageOptions(options) ?? {};
  if (imageLetterbox !== undefined && images.crop === undefined && spec.shape.slice(1).includes(-1)) {
    throw new UsageError(
      `--image-letterbox needs --image-crop, as input '${spec.name}' [${spec.shape}] takes several sizes`,
    );
  }
  const resize = line !== null ? 'none' : imageLetterbox !== undefined ? 'stretch' : images.resize;
  const plan = planPreprocessing(spec, { ...images, ...(resize === undefined ? {} : { resize }) });
  const found = imageStepsOf(plan, spec.datatype)
    .steps.filter(({ step }) => step !== 'decode' && step !== 'layout')
    .map((step) => ({ step, from: optionsOf[step.step] ?? 'the model' }));
  return found.flatMap((each): FoundStep[] => {
    const { step } = each;
    if (step.step === 'resize' && step.fit === 'fill' && imageLetterbox !== undefined) {
      return [{ step: { ...step, ...imageLetterbox, fit: 'letterbox' }, from: '--image-letterbox' }];
    }
    if (step.step !== 'colour') return [each];
    const colour = imageColour === undefined ? each : withColour(each, imageColour);
    const from = '--image-height, --image-width, --image-padding';
    return line === null ? [colour] : [colour, { step: lineStep(line), from }];
  });
}

function withColour({ step, from }: FoundStep, to: 'rgb' | 'bgr'): FoundStep {
  if (step.step === 'colour' && step.to !== 'grey') return { step: { step: 'colour', to }, from: '--image-colour' };
  throw new UsageError(`--image-colour ${to}: the model takes grey pictures, by ${from}`);
}
