// Golden vectors of a version with a pipeline are pictures or texts and their answers, so that a replay checks the whole way.
import type { ImagePipeline, Pipeline, TextPipeline } from '../../registry/pipeline/pipeline.ts';
import type { Prepared } from '../../worker/pipeline/items.ts';
import type { Tokenizer } from '../../worker/pipeline/text/tokenizer.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import type { GoldenItem } from '../publish/golden.ts';
import { generatedLines } from '../publish/pipeline/generated-lines.ts';
import { generatedPictures } from '../publish/pipeline/generated-pictures.ts';
import { generatedTexts } from '../publish/pipeline/generated-texts.ts';
import { prepareTexts } from '../publish/pipeline/tokenised.ts';
import type { Source } from '../publish/source.ts';
import { prepareItem } from './folder/prepare-picture.ts';
import { goldenAnswers } from './golden-answers.ts';

export interface PipelineGolden {
  readonly cases: readonly GoldenItem[];
  /** How many of them have the served runtime's answers, because native onnxruntime's are others. */
  readonly served: number;
}

/**
 * @param tokenizer of a pipeline that takes texts
 * @param ask what the served form of the model answers
 */
export async function pipelineGolden(
  source: Source,
  { pipeline, tokenizer }: { readonly pipeline: Pipeline; readonly tokenizer: Tokenizer | null },
  settings: Parameters<typeof goldenAnswers>[3],
  ask: (inputs: readonly Tensor[]) => Promise<readonly Tensor[]>,
): Promise<PipelineGolden> {
  const sent = 'image' in pipeline ? await pictures(pipeline) : texts(pipeline, tokenizer);
  const prepared = sent.map((each) => each.prepared);
  const { answers, served } = await goldenAnswers(source, pipeline, prepared, settings, ask);
  const cases = sent.map(({ item }, index): GoldenItem => ({ ...item, answer: answers[index] ?? [] }));
  return { cases, served };
}

interface SentItem {
  readonly item: { readonly picture: Uint8Array } | { readonly text: string };
  readonly prepared: Prepared;
}

function pictures(pipeline: ImagePipeline): Promise<SentItem[]> {
  const files = pipeline.after.step === 'ctc' ? generatedLines() : generatedPictures();
  return Promise.all(
    files.map(async (picture, index) => ({
      item: { picture },
      prepared: await prepareItem(picture, pipeline.image, `generated picture ${index + 1}`),
    })),
  );
}

function texts({ text: input }: TextPipeline, tokenizer: Tokenizer | null): SentItem[] {
  if (tokenizer === null) throw new Error('a pipeline of texts without a tokenizer');
  return generatedTexts.map((text) => ({ item: { text }, prepared: prepareTexts([text], { input, tokenizer }) }));
}
