// Measures how far apart the answers of two versions with pipelines are, as callers see them: labels, boxes, texts, vectors.
import type {
  DetectedObject,
  Embedding,
  GeneratedText,
  LabelScore,
  TaskAnswer,
  TextSpan,
} from '../../registry/api/task-answers.ts';
import type { AfterStep } from '../../registry/pipeline/pipeline.ts';
import { matchObjects } from '../pipeline/boxes/match.ts';
import { cosine } from '../pipeline/compare-answers.ts';
import { agreedShare, type Comparison } from './compare-outputs.ts';

/** Two boxes of one label that overlap by this much are of one object. */
const sameObject = 0.5;

/** What two answers to one picture or text have in common: pairs of numbers, and whether they decide alike. */
interface Pairs {
  readonly disagrees: boolean;
  readonly numbers: readonly (readonly [number, number])[];
}

/**
 * @param stable answers to the items of a request, in their order
 * @param threshold below which neither version told an object, where the request had one
 */
export function compareTaskAnswers(
  after: AfterStep,
  stable: readonly TaskAnswer[],
  candidate: readonly TaskAnswer[],
  threshold?: number,
): Comparison {
  const pairs = stable.map((answer, index) => comparePair(after, answer, candidate[index] ?? [], threshold));
  const differences = pairs.flatMap(({ numbers }) => numbers.map(([one, other]) => Math.abs(one - other)));
  return {
    disagrees: stable.length !== candidate.length || pairs.some(({ disagrees }) => disagrees),
    elements: differences.length,
    sumDifference: differences.reduce((sum, difference) => sum + difference, 0),
    maxDifference: differences.reduce((most, difference) => Math.max(most, difference), 0),
  };
}

function comparePair(after: AfterStep, one: TaskAnswer, other: TaskAnswer, threshold: number | undefined): Pairs {
  switch (after.step) {
    case 'classify':
      return compareLabels(one as LabelScore[], other as LabelScore[]);
    case 'boxes':
      return compareObjects(one as DetectedObject[], other as DetectedObject[], threshold ?? after.threshold);
    case 'pool':
      return compareVectors(one as Embedding, other as Embedding);
    case 'spans':
      return compareSpans(one as TextSpan[], other as TextSpan[]);
    case 'ctc':
      return compareTexts(one as GeneratedText[], other as GeneratedText[]);
  }
}

/** The first label is what callers act on. */
function compareLabels(one: readonly LabelScore[], other: readonly LabelScore[]): Pairs {
  const scores = new Map(other.map(({ label, score }) => [label, score]));
  return {
    disagrees: one[0]?.label !== other[0]?.label,
    numbers: one.flatMap(({ label, score }) => {
      const found = scores.get(label);
      return found === undefined ? [] : [[score, found] as const];
    }),
  };
}

/** One that the other side has not counts, unless its score is so near the threshold that it may come and go. */
function compareObjects(one: readonly DetectedObject[], other: readonly DetectedObject[], threshold: number): Pairs {
  const { pairs, onlyFirst, onlySecond } = matchObjects(one, other, sameObject);
  const isSure = ({ score }: DetectedObject) => score * (1 - agreedShare) > threshold;
  return {
    disagrees: onlyFirst.some(isSure) || onlySecond.some(isSure),
    numbers: pairs.map(([left, right]) => [left.score, right.score]),
  };
}

/** The one number is the cosine of their angle, beside 1. */
function compareVectors(one: Embedding, other: Embedding): Pairs {
  const similarity = cosine(one, other);
  if (!Number.isFinite(similarity)) return { disagrees: true, numbers: [] };
  return { disagrees: similarity < 1 - agreedShare, numbers: [[1, similarity]] };
}

function compareSpans(one: readonly TextSpan[], other: readonly TextSpan[]): Pairs {
  const key = ({ entity_group: name, start, end }: TextSpan) => `${start} ${end} ${name}`;
  const scores = new Map(other.map((span) => [key(span), span.score]));
  const numbers = one.flatMap((span) => {
    const found = scores.get(key(span));
    return found === undefined ? [] : [[span.score, found] as const];
  });
  return { disagrees: numbers.length !== one.length || one.length !== other.length, numbers };
}

function compareTexts([one]: readonly GeneratedText[], [other]: readonly GeneratedText[]): Pairs {
  const isSame = one?.generated_text === other?.generated_text;
  return { disagrees: !isSame, numbers: isSame && one && other ? [[one.score, other.score]] : [] };
}
