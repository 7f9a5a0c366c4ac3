// The curves over all thresholds in the report: of two classes for the positive one, of several for each against the rest.
import { escapeText } from '../plots/svg.ts';
import { precisionRecallCurve, rocCurve } from './metrics/ranking.ts';
import { oneVsRest, type RankingCurves } from './one-vs-rest.ts';
import { curves, type Series } from './plots.ts';
import { card, type LegendEntry, legend } from './report-card.ts';
import { rankedFor } from './score.ts';
import type { Classification, Predictions } from './task.ts';

/** Lines of more classes could not be told apart: then the mean alone is drawn. */
const mostClassesDrawn = 10;

interface Drawn {
  readonly subtitle: string;
  readonly roc: readonly Series[];
  readonly recall: readonly Series[];
  /** Precision of guessing. */
  readonly positives: number;
}

/** @returns ROC and precision-recall curve as cards, beside those of the version that is served; none without scores */
export function curveCards(
  predictions: Classification,
  old: Predictions | null,
  version: string,
  oldVersion: string,
): string[] {
  const drawn =
    predictions.positive === null
      ? drawSeveral(predictions, old, version, oldVersion)
      : drawTwo(predictions, predictions.positive, old, version, oldVersion);
  if (drawn === null || drawn.roc.length === 0 || drawn.recall.length === 0) return [];
  const { subtitle, roc, recall, positives } = drawn;
  return [
    card(
      'ROC curve',
      `${subtitle} ${legendOf(roc)}`,
      curves('ROC curve', { x: 'false positive rate', y: 'true positive rate' }, roc, 'diagonal'),
    ),
    card(
      'Precision and recall',
      `${subtitle} ${legendOf(recall)}`,
      curves('Precision and recall', { x: 'recall', y: 'precision' }, recall, positives),
    ),
  ];
}

function drawTwo(
  predictions: Classification,
  index: number,
  old: Predictions | null,
  version: string,
  oldVersion: string,
): Drawn {
  const before = old !== null && old.task === 'binary' ? old : null;
  const ranked = [
    { style: 'new', name: version, of: rankedFor(predictions, index) },
    { style: 'old', name: oldVersion, of: before === null ? null : rankedFor(before, before.positive ?? 1) },
  ] as const;
  const seriesOf = (curve: typeof rocCurve | typeof precisionRecallCurve): Series[] =>
    ranked.flatMap(({ style, name, of }) => {
      const points = of === null ? null : curve(of);
      return points === null ? [] : [{ style, name, points }];
    });
  return {
    subtitle: `Positive is ${escapeText(predictions.classes[index] ?? '')}.`,
    roc: seriesOf(rocCurve),
    recall: seriesOf(precisionRecallCurve),
    positives: predictions.truth.filter((truly) => truly === index).length / predictions.truth.length,
  };
}

function drawSeveral(
  predictions: Classification,
  old: Predictions | null,
  version: string,
  oldVersion: string,
): Drawn | null {
  const now = oneVsRest(predictions, mostClassesDrawn);
  if (now === null) return null;
  const before = old !== null && old.task === 'multiclass' ? oneVsRest(old, 0) : null;
  const seriesOf = (curve: 'roc' | 'recall', area: 'rocAuc' | 'averagePrecision'): Series[] => {
    const series = (style: string, name: string, of: RankingCurves): Series => ({
      style,
      name: `${name} ${of[area].toFixed(3)}`,
      points: of[curve],
    });
    return [
      series('new', `${version}, mean`, now.macro),
      ...(before === null ? [] : [series('old', `${oldVersion}, mean`, before.macro)]),
      ...now.classes.map((each, index) => series(`one c${index}`, each.name, each)),
    ];
  };
  const { length } = predictions.classes;
  const missing = now.occurring === length ? '' : ` that occur in the test data (${now.occurring} of ${length})`;
  const subtitle =
    now.classes.length === 0
      ? `Mean over the classes${missing}, each against the rest, with the area.`
      : `Each class against the rest, with its area${missing === '' ? '' : `; those${missing}`}.`;
  return {
    subtitle,
    roc: seriesOf('roc', 'rocAuc'),
    recall: seriesOf('recall', 'averagePrecision'),
    positives: 1 / now.occurring,
  };
}

function legendOf(series: readonly Series[]): string {
  const entries: LegendEntry[] = series.map(({ name, style }) => ({ text: name, style }));
  return legend([...entries, { text: 'chance', style: 'chance' }]);
}
