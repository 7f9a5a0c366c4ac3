// Remarks for a reader before the figures are trusted: too few rows, classes that are missing, rows seen in training.
import type { Metrics } from '../../registry/evaluation.ts';
import type { Intervals } from './intervals.ts';
import { brokenEnd, type Requirement } from './requirement.ts';
import type { Classification, Predictions } from './task.ts';

/** Names listed at most. */
const mostNamed = 5;

/** Remarks that the rows and the predictions themselves give reason for. */
export function predictionWarnings(predictions: Predictions): string[] {
  if (predictions.task === 'regression') return sameTruth(predictions.truth);
  return [...missingClasses(predictions), ...disagreements(predictions)];
}

/** Requirements that are met by the figure, but not by all of its interval. */
export function claimWarnings(
  requirements: readonly Requirement[],
  metrics: Metrics,
  intervals: Intervals,
  rows: number,
): string[] {
  return requirements.flatMap((requirement) => {
    const broken = brokenEnd(requirement, metrics, intervals);
    if (broken === null) return [];
    return [`${rows} rows are too few for ${requirement.text}: ${broken}; --strict refuses that`];
  });
}

/** @param seen rows of the test data that the reference data has as well */
export function duplicateWarnings(seen: number, rows: number, reference: string): string[] {
  if (seen === 0) return [];
  return [
    `${seen} of ${rows} rows of the test data are in the reference data as well (${reference}): figures on rows that a model was trained on are too good`,
  ];
}

function sameTruth(truth: readonly number[]): string[] {
  const [first] = truth;
  return truth.length > 1 && truth.every((value) => value === first)
    ? [`the truth is ${first} in all ${truth.length} rows`]
    : [];
}

function missingClasses({ classes, truth, predicted }: Classification): string[] {
  const [isTrue, isPredicted] = [new Set(truth), new Set(predicted)];
  const [only] = truth;
  const one = `only one class occurs in the truth: '${classes[only ?? 0]}' in all ${truth.length} rows`;
  const names = (has: ReadonlySet<number>) => classes.filter((_, index) => !has.has(index));
  return [
    ...(isTrue.size === 1 ? [one] : absence(names(isTrue), 'in the truth', classes.length)),
    ...absence(names(isPredicted), 'predicted', classes.length),
  ];
}

function absence(names: readonly string[], where: string, all: number): string[] {
  if (names.length === 0) return [];
  const listed = names.slice(0, mostNamed).map((name) => `'${name}'`);
  const more = names.length > mostNamed ? ', …' : '';
  return [`${names.length} of ${all} classes are never ${where}: ${listed.join(', ')}${more}`];
}

/** A threshold other than one half, votes, or a class by which the model rejects a row. */
function disagreements({ outputs, predicted, scores }: Classification): string[] {
  if (scores === null || outputs.label === undefined) return [];
  const others = scores.filter((row, index) => {
    const own = row[predicted[index] ?? -1] ?? Number.NEGATIVE_INFINITY;
    return row.some((score) => score > own);
  });
  if (others.length === 0) return [];
  return [
    `in ${others.length} of ${scores.length} rows output '${outputs.label}' is not the class with the largest score: figures of labels and of scores judge different decisions`,
  ];
}
