// What is counted for drift of each picture or text and of its answer, in the PoP and of reference data alike.
import type {
  DetectedObject,
  Embedding,
  GeneratedText,
  LabelScore,
  TaskAnswer,
  TextSpan,
} from '../../registry/api/task-answers.ts';
import type { ItemFeatures } from '../../registry/feature.ts';
import type { AfterStep } from '../../registry/pipeline/pipeline.ts';
import type { Item, PictureItem, TextItem } from './items.ts';
import { mainScript } from './scripts.ts';

export function itemFeatures(item: Item): ItemFeatures {
  return 'geometry' in item ? pictureFeatures(item) : textFeatures(item);
}

/** The shape of the picture is that in which it was sent, upright. */
function pictureFeatures({ size, look }: PictureItem): ItemFeatures {
  return { ...look, aspect: size.width / size.height };
}

function textFeatures({ text, tokens, total, unknown }: TextItem): ItemFeatures {
  return {
    bytes: new TextEncoder().encode(text).length,
    tokens: total,
    unknown: tokens === 0 ? Number.NaN : unknown / tokens,
    script: mainScript(text),
  };
}

/** @param answer of the task that ends in this step, to no parameters of a caller's */
export function answerFeatures(step: AfterStep['step'], answer: TaskAnswer): ItemFeatures {
  switch (step) {
    case 'classify':
      return best(answer as LabelScore[]);
    case 'boxes':
      return { objects: answer.length, ...best(answer as DetectedObject[]) };
    case 'spans':
      return { parts: answer.length, confidence: mean((answer as TextSpan[]).map(({ score }) => score)) };
    case 'ctc':
      return written(answer as GeneratedText[]);
    case 'pool':
      return { mean: mean(answer as Embedding), contrast: deviation(answer as Embedding) };
  }
}

/** The answer's first label, which has the highest score. */
function best([first]: readonly { readonly label: string; readonly score: number }[]): ItemFeatures {
  return { label: first?.label ?? '', confidence: first?.score ?? Number.NaN };
}

function written([first]: readonly GeneratedText[]): ItemFeatures {
  return { characters: Array.from(first?.generated_text ?? '').length, confidence: first?.score ?? Number.NaN };
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}
