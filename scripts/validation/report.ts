// The report of the release gate: one HTML file that holds all it needs, for a person to look at and to keep.

import type { FeatureBaseline } from '../../registry/baseline.ts';
import { totalCount } from '../../registry/binning.ts';
import type { Evaluation } from '../../registry/evaluation.ts';
import type { Manifest } from '../../registry/manifest.ts';
import { escapeText } from '../plots/svg.ts';
import { describePreprocessing } from './folder/preprocess.ts';
import { classCounts, classFigures } from './metrics/classification.ts';
import type { Judgement } from './options.ts';
import { histogram, scatter, sparkBars } from './plots.ts';
import { card, legend, shown } from './report-card.ts';
import { curveCards } from './report-curves.ts';
import { reportStyle } from './report-style.ts';
import { isError } from './requirement.ts';
import { confusionOf } from './score.ts';
import { absentLines, intervalText, judgedLine, requirementsOf } from './summary.ts';
import type { Classification } from './task.ts';

/** Larger matrices are no longer read cell by cell; the classes that are found least are listed instead. */
const mostClassesDrawn = 16;
const mostClassesWithShares = 6;

/**
 * @param madeAt when the judgement was made
 * @returns the whole page; the same judgement and time give the same bytes
 */
export function renderReport(manifest: Manifest, judgement: Judgement, madeAt: Date): string {
  const { model, version } = manifest;
  const { evaluation } = judgement;
  const { data, task } = evaluation;
  const cards = [
    figures(judgement, version),
    ...plotCards(judgement, version),
    ...baselineCards(manifest),
    facts(manifest, evaluation),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(`${model} ${version}: release report`)}</title>
<style>${reportStyle}</style>
</head>
<body>
<main>
<header>
<h1>${escapeText(model)} <span class="version">${escapeText(version)}</span></h1>
<p class="soft">${kinds[task]} on ${data.rows.toLocaleString('en')} rows of ${escapeText(data.file)}, run in the WASM runtime that serves</p>
</header>
${verdict(judgement)}
<div class="cards">
${cards.join('\n')}
</div>
<footer>Made by npx popserve publish on ${dateText(madeAt)}. Figures as ${task === 'detection' ? 'pycocotools' : 'scikit-learn'} defines them.</footer>
</main>
</body>
</html>
`;
}

/** `28 November 2026, 21:40 UTC`. */
function dateText(at: Date): string {
  const [day, time] = [
    at.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' }),
    at.toISOString().slice(11, 16),
  ];
  return `${day}, ${time} UTC`;
}

const kinds = {
  binary: 'Two classes',
  multiclass: 'Several classes',
  regression: 'Regression',
  detection: 'Objects in pictures',
} as const;

function verdict({ evaluation, failures }: Judgement): string {
  const { gate } = evaluation;
  const list = (texts: readonly string[]) => `<ul>${texts.map((text) => `<li>${escapeText(text)}</li>`).join('')}</ul>`;
  if (gate.forced !== undefined) {
    return `<section class="verdict forced"><b>Released by force</b><div><p>${escapeText(gate.forced.reason)}</p>${list(failures)}</div></section>`;
  }
  if (failures.length > 0) return `<section class="verdict refused"><b>Refused</b>${list(failures)}</section>`;
  const { checked, unchecked } = requirementsOf(evaluation);
  const texts = [
    ...(checked.length > 0 ? [checked.join(', ')] : unchecked.length > 0 ? [] : ['nothing was required']),
    ...(unchecked.length > 0 ? [`nothing to compare with, so not checked: ${unchecked.join(', ')}`] : []),
  ].map((text) => `<p>${escapeText(text)}</p>`);
  const title = checked.length > 0 ? 'As required' : unchecked.length > 0 ? 'Not refused' : 'Measured';
  return `<section class="verdict${checked.length > 0 ? '' : ' neutral'}"><b>${title}</b><div>${texts.join('')}</div></section>`;
}

function figures({ evaluation }: Judgement, version: string): string {
  const { metrics, gate } = evaluation;
  const { stable } = gate;
  const rows = Object.entries(metrics).map(([name, value]) => {
    const before = stable?.metrics[name];
    const scale = isError(name) || value < 0 ? Math.max(Math.abs(value), Math.abs(before ?? 0)) || 1 : 1;
    const bar = (of: number, kind: string) =>
      `<div class="track ${kind}"><i style="width:${Math.max(0, Math.min(100, (of / scale) * 100)).toFixed(1)}%"></i></div>`;
    const old =
      stable === undefined
        ? ''
        : `<td class="number">${before === undefined ? '' : shown(before)}</td>${change(name, value, before)}`;
    return `<tr><td class="metric">${escapeText(name)}</td><td class="number"><b>${shown(value)}</b></td><td class="number soft">${intervalText(evaluation, name)}</td>${old}<td class="bars">${bar(value, 'new')}${before === undefined ? '' : bar(before, 'old')}</td></tr>`;
  });
  const head =
    stable === undefined ? '' : `<th class="number">${escapeText(stable.version)}</th><th class="number">change</th>`;
  const subtitle =
    stable === undefined
      ? escapeText(
          gate.notCompared === undefined
            ? 'No version was served to compare with.'
            : `Not compared: ${gate.notCompared}.`,
        )
      : `Against version ${escapeText(stable.version)}, which is served, on the same rows. ${legend([
          { text: version, style: 'new' },
          { text: stable.version, style: 'old' },
        ])}`;
  return `<section class="card wide"><h2>Figures</h2><p class="soft">${subtitle}</p><table class="figures"><tr><th class="metric">metric</th><th class="number">${escapeText(version)}</th><th class="number">95 %</th>${head}<th class="bars"></th></tr>${rows.join('')}</table>${remarks(evaluation)}</section>`;
}

/** Remarks on the figures, and those that are absent. */
function remarks(evaluation: Evaluation): string {
  const lines = [...(evaluation.warnings ?? []), ...absentLines(evaluation)];
  return lines.length === 0
    ? ''
    : `<ul class="soft">${lines.map((line) => `<li>${escapeText(line)}</li>`).join('')}</ul>`;
}

function change(name: string, value: number, before: number | undefined): string {
  if (before === undefined) return '<td></td>';
  const difference = value - before;
  if (Math.abs(difference) < 5e-7) return '<td class="number soft">same</td>';
  const isBetter = isError(name) ? difference < 0 : difference > 0;
  const sign = difference > 0 ? '+' : '−';
  return `<td class="number ${isBetter ? 'better' : 'worse'}">${sign}${shown(Math.abs(difference))} ${isBetter ? 'better' : 'worse'}</td>`;
}

function plotCards({ predictions, stable }: Judgement, version: string): string[] {
  const old = stable?.predictions ?? null;
  if (predictions === null) return [];
  if (predictions.task === 'regression') return regressionCards(predictions.truth, predictions.predicted);
  return [confusionCard(predictions), ...curveCards(predictions, old, version, stable?.version ?? '')];
}

function regressionCards(truth: readonly number[], predicted: readonly number[]): string[] {
  const points = truth.map((x, row) => ({ x, y: predicted[row] ?? Number.NaN }));
  const errors = points.map(({ x, y }) => y - x);
  return [
    card(
      'Predicted against true',
      'On the dashed line the prediction is exact.',
      scatter('Predicted against true', { x: 'true', y: 'predicted' }, points),
    ),
    card('Errors', 'Predicted less true, row by row.', histogram('Errors', 'predicted − true', errors)),
  ];
}

function confusionCard(predictions: Classification): string {
  const { classes } = predictions;
  const matrix = confusionOf(predictions);
  if (classes.length > mostClassesDrawn) return leastFoundCard(classes, classFigures(classCounts(matrix)));
  const small = classes.length > mostClassesWithShares ? ' small' : '';
  const rows = matrix.map((counts, index) => {
    const whole = counts.reduce((sum, count) => sum + count, 0);
    const cells = counts.map((count) => {
      const share = whole === 0 ? 0 : count / whole;
      // The page's own ink on light cells, that of filled buttons on the others.
      const ink = share > 0.72 ? ';color:var(--on-accent)' : '';
      const fill = `color-mix(in srgb, var(--accent) ${(6 + share * 84).toFixed(1)}%, transparent)`;
      return `<td><div style="background:${fill}${ink}"><b>${count.toLocaleString('en')}</b><small>${(share * 100).toFixed(1)} %</small></div></td>`;
    });
    return `<tr><th>${escapeText(classes[index] ?? '')}</th>${cells.join('')}</tr>`;
  });
  const head = classes.map((name) => `<th>${escapeText(name)}</th>`).join('');
  const table = `<table class="confusion${small}"><tr><th class="of">true ↓ predicted →</th>${head}</tr>${rows.join('')}</table>`;
  return card('Confusion matrix', 'Shares are of the rows that truly are of the class.', table, classes.length > 2);
}

function leastFoundCard(classes: readonly string[], figuresOf: ReturnType<typeof classFigures>): string {
  const worst = figuresOf
    .map((each, index) => ({ ...each, name: classes[index] ?? '' }))
    .filter(({ support }) => support > 0)
    .sort((a, b) => a.f1 - b.f1)
    .slice(0, 12);
  const rows = worst.map(
    ({ name, precision, recall, f1, support }) =>
      `<tr><td>${escapeText(name)}</td><td class="number">${shown(precision)}</td><td class="number">${shown(recall)}</td><td class="number">${shown(f1)}</td><td class="number">${support}</td></tr>`,
  );
  const head =
    '<tr><th>class</th><th class="number">precision</th><th class="number">recall</th><th class="number">f1</th><th class="number">rows</th></tr>';
  return card(
    'Classes that are found least',
    `Of ${classes.length} classes.`,
    `<table>${head}${rows.join('')}</table>`,
  );
}

function baselineCards({ baseline }: Manifest): string[] {
  if (baseline === undefined) return [];
  const { reference, inputs, outputs } = baseline;
  const features = [...inputs, ...outputs].slice(0, 48).map(featureBars);
  const subtitle = `${reference.rows.toLocaleString('en')} rows of ${escapeText(reference.file)} in fixed bins: what live traffic is compared with. Numbers are binned by quantiles, so even bars are the rule.`;
  return [
    `<section class="card wide"><h2>Baseline</h2><p class="soft">${subtitle}</p><div class="features">${features.join('')}</div></section>`,
  ];
}

function featureBars({ name, bins, counts }: FeatureBaseline): string {
  const total = Math.max(1, totalCount(counts));
  const range =
    bins.kind === 'numeric'
      ? bins.range === null
        ? 'no values'
        : `${shown(bins.range[0])} to ${shown(bins.range[1])}`
      : `${bins.categories.slice(0, 6).join(', ')}${bins.categories.length > 6 ? ', …' : ''}`;
  const missing = counts.missing === 0 ? '' : `, ${((counts.missing / total) * 100).toFixed(1)} % missing`;
  // The bin for all other values is of interest only where it holds some.
  const shownBins = bins.kind === 'categorical' && counts.bins.at(-1) === 0 ? counts.bins.slice(0, -1) : counts.bins;
  return `<div><b>${escapeText(name)}</b>${sparkBars(shownBins, `${name}: ${shownBins.join(', ')}`)}<span class="soft">${escapeText(range + missing)}</span></div>`;
}

function facts({ artifacts, runtime, source, tolerance, metadata = {} }: Manifest, evaluation: Evaluation): string {
  const { data, label, native, preprocessing = [] } = evaluation;
  const agreement =
    native === null
      ? 'not compared: it gave no answer'
      : native.agrees
        ? `agrees on ${native.rows.toLocaleString('en')} rows within ${tolerance.absolute} + ${tolerance.relative} relative`
        : 'differs beyond the tolerance';
  const rows = [
    ['Model', `${source.file}, ${source.digest}`],
    ['Served from', `${artifacts.model.format}, ${artifacts.model.digest}`],
    ['Test data', `${data.file}, ${data.digest}`],
    ['Truth', label],
    ...preprocessing.map((plan) => ['Preparation', describePreprocessing(plan)]),
    ['Judged', judgedLine(evaluation).replace(/^judged: /, '')],
    ['Native onnxruntime', agreement],
    ['Runtime', `onnxruntime ${runtime.onnxruntime}`],
    // Authors, training data and what else the publisher says of the version.
    ...Object.entries(metadata),
  ];
  const items = rows.map(([term = '', text = '']) => `<dt>${escapeText(term)}</dt><dd>${escapeText(text)}</dd>`);
  return `<section class="card wide"><h2>How it was judged</h2><dl class="facts">${items.join('')}</dl></section>`;
}
