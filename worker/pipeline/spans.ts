// The step `spans`: from a model's values for each token to the parts of the text that they mark. Neighbouring tokens are merged as
// transformers' aggregation strategy `simple` does it.
// @see https://huggingface.co/docs/transformers/main_classes/pipelines#transformers.TokenClassificationPipeline
import type { TextSpan } from '../../registry/api/task-answers.ts';
import { invalid } from '../../registry/errors.ts';
import type { Spans } from '../../registry/pipeline/spans.ts';
import { describeShape, quote } from '../protocol/describe.ts';
import { elementsOf } from '../protocol/elements.ts';
import type { Tensor } from '../protocol/tensor.ts';
import { activations } from './activations.ts';
import { CodePointReader } from './code-points.ts';
import type { TextItem } from './items.ts';

/** What a tag says: where it stands in its part, and what the part is. */
interface Tag {
  readonly place: 'begins' | 'goes on' | 'ends' | 'single';
  readonly name: string;
}

interface Part {
  readonly name: string;
  readonly start: number;
  end: number;
  isEnded: boolean;
  readonly scores: number[];
}

const nothing = 'O';

/**
 * @example
 * spans(output, step, items); // [[{ entity_group: 'LOC', score: 0.99, word: 'Paris', start: 10, end: 15 }]]
 *
 * @param output [rows, tokens, labels]
 * @throws {PopserveError} INVALID_ARGUMENT for an output of another shape, which publishing refuses
 */
export function spans(
  output: Tensor,
  { activation, labels, scheme }: Pick<Spans, 'activation' | 'labels' | 'scheme'>,
  items: readonly TextItem[],
  threshold = Number.NEGATIVE_INFINITY,
): TextSpan[][] {
  const { datatype, data, shape } = output;
  const [rows, width = 0, classes] = shape;
  const isFitting = shape.length === 3 && rows === items.length && classes === labels.length;
  if (!isFitting || datatype === 'BYTES' || !(data instanceof Uint8Array)) {
    throw invalid(
      `spans: output ${quote(output.name)} is ${describeShape(shape)}, expected [${items.length}, tokens, ${labels.length}]`,
    );
  }
  const values = elementsOf(datatype, data);
  const tags = labels.map((label) => tagOf(label, scheme));
  return items.map((item, row) => {
    const scoresAt = (token: number) => {
      const start = (row * width + item.column + token) * labels.length;
      return activations[activation](Float64Array.from(labels, (_, index) => Number(values[start + index])));
    };
    const reader = new CodePointReader(item.text);
    return partsOf(item, tags, scoresAt)
      .filter(({ name }) => name !== nothing)
      .map(({ name, start, end, scores }) => ({
        entity_group: name,
        score: scores.reduce((sum, score) => sum + score, 0) / scores.length,
        ...{ word: reader.slice(start, end), start, end },
      }))
      .filter(({ score }) => score >= threshold);
  });
}

/** Parts in the order of the text; those of `O` among them, which keep two parts of one name apart. */
function partsOf(item: TextItem, tags: readonly Tag[], scoresAt: (token: number) => Float64Array): Part[] {
  const parts: Part[] = [];
  for (let token = 0; token < item.tokens; token++) {
    const start = (item.offsets[token * 2] ?? 0) - item.promptLength;
    const end = (item.offsets[token * 2 + 1] ?? 0) - item.promptLength;
    // Also a token that the prompt and the text share: its part would begin in what nobody has sent.
    if (item.special[token] === 1 || start < 0) continue;
    const scores = scoresAt(token);
    const best = highest(scores);
    const { place, name } = tags[best] ?? { place: 'goes on', name: nothing };
    const score = scores[best] ?? 0;
    const before = parts.at(-1);
    const goesOn = place === 'goes on' || place === 'ends';
    const isEnded = place === 'ends' || place === 'single';
    if (before !== undefined && goesOn && before.name === name && !before.isEnded) {
      before.scores.push(score);
      before.end = end;
      before.isEnded = isEnded;
    } else {
      parts.push({ name, start, end, isEnded, scores: [score] });
    }
  }
  return parts;
}

/** The first of the highest; NaN is none. */
function highest(scores: Float64Array): number {
  let best = 0;
  for (let index = 1; index < scores.length; index++) {
    const [score, standing] = [scores[index] ?? Number.NaN, scores[best] ?? Number.NaN];
    if (score > standing || Number.isNaN(standing)) best = index;
  }
  return best;
}

const places: Readonly<Record<string, Tag['place']>> = {
  ...{ B: 'begins', I: 'goes on', L: 'ends', E: 'ends', U: 'single', S: 'single' },
};

function tagOf(label: string, scheme: Spans['scheme']): Tag {
  const [, letter = '', name = label] = (scheme === 'bio' ? /^([BI])-(.+)$/s : /^([BILUES])-(.+)$/s).exec(label) ?? [];
  return { place: places[letter] ?? 'goes on', name };
}
