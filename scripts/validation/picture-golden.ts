// Golden vectors of a version with a pipeline are pictures and their answers, so that a replay checks the whole way.
import type { Pipeline } from '../../registry/pipeline.ts';
import { classify } from '../../worker/pipeline/classify.ts';
import type { Tolerance } from '../../worker/protocol/compare-elements.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { compareAnswers } from '../inspect/compare.ts';
import { runNative } from '../inspect/native.ts';
import type { GoldenPicture } from '../publish/golden.ts';
import { generatedPictures } from '../publish/pipeline/generated-pictures.ts';
import type { Source } from '../publish/source.ts';
import { preparePicture } from './folder/prepare-picture.ts';

export interface PictureGolden {
  readonly cases: readonly GoldenPicture[];
  /** How many of them have the served runtime's answers, because native onnxruntime's are others. */
  readonly served: number;
}

/** @param ask what the served form of the model answers */
export async function pictureGolden(
  source: Source,
  { image, after }: Pipeline,
  datatype: Tensor['datatype'],
  settings: { readonly timeoutMs: number; readonly memoryLimitMib: number; readonly tolerance: Tolerance },
  ask: (inputs: readonly Tensor[]) => Promise<readonly Tensor[]>,
): Promise<PictureGolden> {
  const pictures = generatedPictures();
  const inputs: Tensor[][] = [];
  for (const [index, picture] of pictures.entries()) {
    const row = await preparePicture(picture, { pipeline: image }, datatype, `generated picture ${index + 1}`);
    inputs.push([{ name: image.input, datatype, shape: [1, ...row.shape], data: row.data }]);
  }
  const { references } = await runNative({
    model: source.model,
    format: source.format,
    convert: false,
    samples: inputs.map((each) => async () => each),
    limits: { timeoutMs: settings.timeoutMs, memoryMib: settings.memoryLimitMib },
  });
  const cases: GoldenPicture[] = [];
  let served = 0;
  for (const [index, picture] of pictures.entries()) {
    const own = await ask(inputs[index] ?? []);
    const native = 'fault' in references ? undefined : references[index];
    const agrees = native !== undefined && compareAnswers(native, own, settings.tolerance) === null;
    if (!agrees) served++;
    const output = (agrees ? native : own).find(({ name }) => name === after.output);
    if (output === undefined) throw new Error(`the model gave no output '${after.output}'`);
    const [answer = []] = classify(output, after, { topK: after.topK });
    cases.push({ picture, answer });
  }
  return { cases, served };
}
