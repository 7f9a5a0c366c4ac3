// What a pipeline is made of: a folder of the Hub, the metadata of an export, the command line; and the task that they say.
import { invalid } from '../../../registry/errors.ts';
import type { Classification } from '../../../registry/pipeline/classify.ts';
import type { TensorSpec } from '../../../registry/signature.ts';
import type { BoxOptions } from './box-options.ts';
import type { HubFolder } from './hub-folder.ts';
import type { FoundStep } from './image-processor.ts';
import type { WritingOptions } from './plan-line.ts';
import type { UltralyticsExport } from './ultralytics.ts';

/** Tasks that `--task` takes for a pipeline, and the class names of the Hub's models that are of each. */
export const pipelineTasks = ['image-classification', 'object-detection', 'image-to-text'] as const;
export type PipelineTask = (typeof pipelineTasks)[number];
const architectures: Readonly<Partial<Record<PipelineTask, RegExp>>> = {
  'image-classification': /ForImageClassification$/,
  'object-detection': /ForObjectDetection$/,
};

/** The same by the metadata of an export of Ultralytics. */
const exportTasks: Readonly<Record<string, PipelineTask>> = {
  detect: 'object-detection',
  classify: 'image-classification',
};

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
