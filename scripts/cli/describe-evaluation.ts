// An evaluation in lines: figures, those of the version that was served, and the confusion matrix where it is small.
import type { Evaluation } from '../../registry/evaluation.ts';
import { confusionTable, summarize } from '../validation/summary.ts';
import { type Line, sentence, table } from './report.ts';

export function describeEvaluation(evaluation: Evaluation, failures: readonly string[] = []): Line[] {
  const { rows, lines } = summarize(evaluation, failures);
  const confusion = confusionTable(evaluation);
  return [...lines.map((line) => sentence(line)), ...table(rows), ...(confusion === null ? [] : table(confusion))];
}
