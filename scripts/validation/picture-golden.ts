// Golden vectors of a version with a pipeline are pictures and their answers, so that a replay checks the whole way.
import { type ImagePipeline, outputsRead } from '../../registry/pipeline/pipeline.ts';
import type { Prepared } from '../../worker/pipeline/items.ts';
import { taskAnswers } from '../../worker/pipeline/task-answers.ts';
import type { Tolerance } from '../../worker/protocol/compare-elements.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { compareAnswers } from '../inspect/compare.ts';
import { runNative } from '../inspect/native.ts';
import type { GoldenPicture } from '../publish/golden.ts';
import { generatedLines } from '../publish/pipeline/generated-lines.ts';
import { generatedPictures } from '../publish/pipeline/generated-pictures.ts';
import type { Source } from '../publish/source.ts';
import { prepareItem } from './folder/prepare-picture.ts';

export interface PictureGolden {
  readonly cases: readonly GoldenPicture[];
  /** How many of them have the served runtime's answers, because native onnxruntime's are others. */
  readonly served: number;
}

/** @param ask what the served form of the model answers */
export async function pictureGolden(
  source: Source,
  pipeline: ImagePipeline,
  settings: { readonly timeoutMs: number; readonly memoryLimitMib: number; readonly tolerance: Tolerance },
  ask: (inputs: readonly Tensor[]) => Promise<readonly Tensor[]>,
): Promise<PictureGolden> {
  const pictures = pipeline.after.step === 'ctc' ? generatedLines() : generatedPictures();
  const prepared: Prepared[] = [];
  for (const [index, picture] of pictures.entries()) {
    prepared.push(await prepareItem(picture, pipeline.image, `generated picture ${index + 1}`));
  }
  const read = outputsRead(pipeline.after);
  const { references } = await runNative({
    model: source.model,
    format: source.format,
    convert: false,
    samples: prepared.map(({ inputs }) => async () => [...inputs]),
    limits: { timeoutMs: settings.timeoutMs, memoryMib: settings.memoryLimitMib },
  });
  const cases: GoldenPicture[] = [];
  let served = 0;
  for (const [index, picture] of pictures.entries()) {
    const { inputs, items } = prepared[index] as Prepared;
    const own = await ask(inputs);
    const native = 'fault' in references ? undefined : references[index];
    const agrees = native !== undefined && compareAnswers(native, own, settings.tolerance) === null;
    if (!agrees) served++;
    const outputs = (agrees ? native : own).filter(({ name }) => read.includes(name));
    const [answer] = taskAnswers(pipeline, outputs, items, {});
    if (answer === undefined) throw new Error('a picture without an answer');
    cases.push({ picture, answer });
  }
  return { cases, served };
}
