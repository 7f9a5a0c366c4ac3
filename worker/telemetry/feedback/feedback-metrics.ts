// How right answers were, as Prometheus takes it.
import type { FeedbackStatus } from '../../../registry/api/feedback.ts';
import type { Metric, Sample } from '../exposition.ts';

interface Told {
  readonly model: string;
  readonly feedback: FeedbackStatus;
}

export function feedbackMetrics(told: readonly Told[]): Metric[] {
  const totals = told.flatMap(({ model, feedback: { totals: all, source } }) =>
    all.map(({ version, side, ...total }) => ({ labels: { model, version, side, source }, total })),
  );
  const recent = told.flatMap(({ model, feedback: { recent: all, source } }) =>
    all.map(({ version, side, place, ...judged }) => ({ labels: { model, version, side, place, source }, judged })),
  );
  const known = (value: number | null, labels: Sample['labels']): Sample[] =>
    value === null ? [] : [{ labels, value }];
  return [
    {
      ...{ name: 'popserve_feedback_records_total', type: 'counter' },
      help: 'Answered records whose truth callers told.',
      samples: totals.map(({ labels, total }) => ({ labels, value: total.records })),
    },
    {
      ...{ name: 'popserve_feedback_right_total', type: 'counter' },
      help: 'Records among them whose label was right.',
      samples: totals.flatMap(({ labels, total }) => known(total.right, labels)),
    },
    {
      ...{ name: 'popserve_accuracy_ratio', type: 'gauge' },
      help: 'Share of right labels by what was told within a day, with no caller weighing more than a quarter where there are others.',
      samples: recent.flatMap(({ labels, judged }) => known(judged.accuracy, labels)),
    },
    {
      ...{ name: 'popserve_absolute_error', type: 'gauge' },
      help: 'How far numbers were off, by what was told within a day.',
      samples: recent.flatMap(({ labels, judged }) => [
        ...known(judged.errorP50, { ...labels, quantile: '0.5' }),
        ...known(judged.errorP90, { ...labels, quantile: '0.9' }),
      ]),
    },
  ];
}
