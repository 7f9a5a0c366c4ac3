// What a pipeline is made of: a folder of the Hub, the metadata of an export, the command line; and the task that they say.
import { invalid } from '../../../registry/errors.ts';
import type { Classification } from '../../../registry/pipeline/classify.ts';
import type { Pool } from '../../../registry/pipeline/pool.ts';
import type { TensorSpec } from '../../../registry/signature.ts';
import type { BoxOptions } from './box-options.ts';
import type { HubFolder } from './hub-folder.ts';
import type { FoundStep } from './image-processor.ts';
import type { WritingOptions } from './plan-line.ts';
import type { UltralyticsExport } from './ultralytics.ts';

/** Tasks that `--task` takes for a pipeline, and the class names of the Hub's models that are of each. */
const imageTasks = ['image-classification', 'object-detection', 'image-to-text', 'image-feature-extraction'] as const;
const textTasks = ['feature-extraction', 'text-classification', 'token-classification'] as const;
export const pipelineTasks = [...imageTasks, ...textTasks] as const;
export type PipelineTask = (typeof pipelineTasks)[number];
export type ImageTask = (typeof imageTasks)[number];
export type TextTask = (typeof textTasks)[number];

export function isTextTask(task: PipelineTask | null): task is TextTask {
  return textTasks.some((each) => each === task);
}

const architectures: Readonly<Partial<Record<PipelineTask, RegExp>>> = {
  'image-classification': /ForImageClassification$/,
  'object-detection': /ForObjectDetection$/,
  'text-classification': /ForSequenceClassification$/,
  'token-classification': /ForTokenClassification$/,
};

/** The same by the metadata of an export of Ultralytics. */
const exportTasks: Readonly<Record<string, PipelineTask>> = {
  detect: 'object-detection',
  classify: 'image-classification',
};

/** As the command line says it; what is undefined is said by the folder. */
export interface TextOptions {
  readonly maxTokens?: number;
  readonly pooling?: Pool['how'];
  readonly normalise?: boolean;
  readonly dimensions?: readonly number[];
}

export interface PipelineOptions {
  /** As `--task` says it; null: by the folder's config.json. */
  readonly task: PipelineTask | null;
  readonly folder: HubFolder | null;
  /** The metadata of the model, if Ultralytics exported it. */
  readonly exported: UltralyticsExport | null;
  /** How values become scores, as `--scores` says it; null: by the folder or the graph. */
  readonly activation: Classification['activation'] | null;
  /** Steps from the command line, without a folder's processor. */
  readonly imageSteps: ((spec: TensorSpec) => readonly FoundStep[]) | null;
  /** Of a detector. */
  readonly boxes: BoxOptions;
  /** Of a model of texts, and of vectors of pictures. */
  readonly text: TextOptions;
  /** What the classes of image-to-text write. */
  readonly writing?: WritingOptions;
}

/**
 * @returns null for a model without a pipeline
 * @throws {PopserveError} INVALID_ARGUMENT for a folder or an export of a task that is not supported
 */
export function taskOf({
  task,
  folder,
  exported,
}: Pick<PipelineOptions, 'task' | 'folder' | 'exported'>): PipelineTask | null {
  if (task !== null) return task;
  if (folder === null) {
    // Boxes that the graph has suppressed already are served as tensors, unless --task asks for more.
    if (exported === null || exported.isSuppressed) return null;
    return exportTasks[exported.task ?? ''] ?? null;
  }
  // A model of sentence-transformers has the class of its transformer alone in config.json.
  if (folder.sentence !== null && folder.text !== null) return 'feature-extraction';
  const names = folder.config?.architectures;
  if (names === undefined) {
    throw invalid(
      'the folder has no config.json with architectures, which say the task: give --task, or publish the .onnx itself to serve its tensors',
    );
  }
  const found = pipelineTasks.find((each) => names.some((name) => architectures[each]?.test(name)));
  if (found !== undefined) return found;
  // The transformer itself, without a head for another task.
  const isBare = names.some((name) => /[a-z]Model$/.test(name));
  if (isBare && folder.text !== null && folder.imageProcessor === null) return 'feature-extraction';
  if (isBare && folder.imageProcessor !== null && folder.text === null) return 'image-feature-extraction';
  throw invalid(
    `config.json: ${names.join(', ')} is of no task that is supported: expected ${pipelineTasks.join(', ')}; publish the .onnx itself to serve its tensors`,
  );
}
