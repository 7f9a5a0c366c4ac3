// A folder as the Hugging Face Hub lays it out: the model beside the files that say how pictures and texts become its tensors.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { invalid } from '../../../registry/errors.ts';
import { type ImageProcessorConfig, imageProcessorSchema } from './image-processor.ts';
import { readJson } from './read-json.ts';
import { readSentenceFiles, readTextFiles, type SentenceFiles, type TextFiles } from './text-files.ts';

/** Members that are read; a folder has many more. @see https://huggingface.co/docs/transformers/main_classes/configuration */
const configSchema = z.looseObject({
  architectures: z.array(z.string()).min(1).optional(),
  id2label: z.record(z.string().regex(/^\d+$/), z.string()).optional(),
  problem_type: z
    .enum(['single_label_classification', 'multi_label_classification', 'regression'])
    .nullable()
    .optional(),
  model_type: z.string().optional(),
  max_position_embeddings: z.int().min(1).optional(),
  matryoshka_dimensions: z.array(z.int().min(1)).nullish(),
});

export type HubConfig = z.infer<typeof configSchema>;

export interface HubFolder {
  /** Path of the model. */
  readonly model: string;
  readonly config: HubConfig | null;
  readonly imageProcessor: ImageProcessorConfig | null;
  readonly text: TextFiles | null;
  readonly sentence: SentenceFiles | null;
}

/**
 * @param variant the suffix of the model's file: `quantized` for `model_quantized.onnx`
 * @returns null if the path is no folder
 * @throws {PopserveError} INVALID_ARGUMENT naming the file that is missing or cannot be read
 */
export async function readHubFolder(path: string, variant?: string): Promise<HubFolder | null> {
  if (!(await stat(path).catch(() => null))?.isDirectory()) return null;
  const name = variant === undefined ? 'model.onnx' : `model_${variant}.onnx`;
  const model = await firstFile([join(path, 'onnx', name), join(path, name)]);
  if (model === null) {
    const hint = variant === undefined ? '; say which of others with --variant, or give the file itself' : '';
    throw invalid(`${path}: expected onnx/${name} or ${name}, found neither${hint}`);
  }
  return {
    model,
    config: await readJson(join(path, 'config.json'), configSchema),
    imageProcessor: await readJson(join(path, 'preprocessor_config.json'), imageProcessorSchema),
    text: await readTextFiles(path),
    sentence: await readSentenceFiles(path),
  };
}

async function firstFile(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) if ((await stat(path).catch(() => null))?.isFile()) return path;
  return null;
}
