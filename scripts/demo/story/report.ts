// The report of the story: one HTML file with all that it needs, for a person to look at.

import { largest, smallest } from '../../../registry/extremes.ts';
import { escapeText } from '../../plots/svg.ts';
import { reportStyle } from '../../validation/report-style.ts';
import type { NumericInput } from '../failure-model.ts';
import { featureColumns } from '../failure-model.ts';
import { qualities } from '../failure-modes.ts';
import type { Claim } from './claims.ts';
import type { Answered } from './devices.ts';
import { changing, regions } from './plan.ts';
import { categoriesThenAndNow, type Line, thenAndNow, timePlot } from './plots.ts';
import { storyStyle } from './report-style.ts';
import type { Story } from './story.ts';

/** @returns the whole page */
export function renderStory(story: Story, claims: readonly Claim[]): string {
  const { plan, startedMs, endedMs } = story;
  const cards = [
    driftCard(story),
    accuracyCard(story),
    featureCard(story),
    heldOutCard(story),
    gateCard(story),
    canaryCard(story),
    shadowCard(story),
    propagationCard(story),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>popserve: the story of a model</title>
<style>${reportStyle}${storyStyle}</style>
</head>
<body>
<main>
<header>
<h1>A model, a cold winter, and its successor</h1>
<p class="soft">Three points of presence of the real Worker, ${plan.devicesPerRegion * regions.length} devices, ${story.answers.length.toLocaleString('en')} requests, ${((endedMs - startedMs) / 1000).toFixed(0)} seconds; seed ${plan.seed}. Readings come from the fleet generator, everything else happened.</p>
</header>
${verdict(claims)}
<div class="cards">
${cards.join('\n')}
</div>
<footer>Made by npm run demo. Time windows that a deployment counts in minutes passed in seconds.</footer>
</main>
</body>
</html>
`;
}

function verdict(claims: readonly Claim[]): string {
  const failed = claims.filter(({ holds }) => !holds).length;
  const items = claims.map(
    ({ text, holds, found }) =>
      `<li class="${holds ? 'holds' : 'fails'}"><span>${escapeText(text)}</span><span class="soft">${escapeText(found)}</span></li>`,
  );
  const title = failed === 0 ? 'It came true' : `${failed} of ${claims.length} do not hold`;
  return `<section class="verdict ${failed === 0 ? '' : 'refused'} story"><b>${title}</b><ul class="claims">${items.join('')}</ul></section>`;
}

/** Seconds since the devices began. */
function clock({ answers, startedMs }: Story): (ms: number) => number {
  const zero = answers[0]?.atMs ?? startedMs;
  return (ms) => (ms - zero) / 1000;
}

function span(story: Story): { from: number; to: number } {
  return { from: 0, to: clock(story)(story.answers.at(-1)?.atMs ?? story.endedMs) };
}

function marksOf(story: Story): { x: number; text: string }[] {
  const at = clock(story);
  return [...story.marks].sort((a, b) => a.atMs - b.atMs).map(({ atMs, text }) => ({ x: Math.max(0, at(atMs)), text }));
}

function driftCard(story: Story): string {
  const at = clock(story);
  const marks = marksOf(story);
  const { thresholds, windowSeconds, windows: inARow } = story.settings;
  const lines: Line[] = regions.map(({ pop }, index) => ({
    kind: `pop-${index}`,
    points: story.windows
      .filter(({ place }) => place === `pop:${pop}`)
      .map(({ toMs, maxPsi }) => ({ x: at(toMs), y: maxPsi })),
  }));
  const plot = timePlot({
    title: 'Drift over time',
    ...span(story),
    y: { label: 'largest PSI', ticks: [0.001, 0.01, 0.1, 1, 10], isLog: true },
    lines,
    level: { at: thresholds.psi, label: `threshold ${thresholds.psi}` },
    marks,
  });
  const moments = marks.map(
    ({ x, text }) => `<li>${escapeText(text)} <span class="soft">${x.toFixed(1)} s</span></li>`,
  );
  return `<section class="card wide"><h2>Drift, place by place</h2>
<p class="soft">How far the readings at each PoP are from what version 1 was trained on: the largest Population Stability Index of any feature in each window of ${windowSeconds} s. An alarm needs ${inARow} windows in a row past a threshold.</p>
${legend()}<div class="scroll">${plot}</div><ol class="moments">${moments.join('')}</ol></section>`;
}

function accuracyCard(story: Story): string {
  const at = clock(story);
  const { from, to } = span(story);
  const width = story.plan.driftWindowSeconds;
  const lines: Line[] = regions.map(({ pop }, index) => ({
    kind: `pop-${index}`,
    points: accuracies(
      story.answers.filter((answer) => answer.pop === pop),
      (answer) => Math.floor(at(answer.atMs) / width),
    ).map(({ bin, accuracy }) => ({ x: Math.min(to, (bin + 0.5) * width), y: accuracy * 100 })),
  }));
  const lowest = smallest(lines.flatMap(({ points }) => points.map(({ y }) => y)));
  const bottom = Math.max(0, Math.floor(lowest / 5) * 5);
  const step = (100 - bottom) / 5;
  const plot = timePlot({
    title: 'Right answers over time',
    ...{ from, to },
    y: {
      label: 'right answers, %',
      ticks: Array.from({ length: 6 }, (_, index) => bottom + index * step),
      isLog: false,
    },
    lines,
    marks: marksOf(story),
  });
  return `<section class="card wide"><h2>What it means for those who ask</h2>
<p class="soft">Share of the live answers that were right, as the maintenance found later, by version 1 until the promotion and by version 2 from then on. The moments have the numbers of the plot above.</p>
${legend()}<div class="scroll">${plot}</div></section>`;
}

function accuracies(answers: readonly Answered[], binOf: (answer: Answered) => number) {
  const bins = new Map<number, { right: number; all: number }>();
  for (const answer of answers) {
    const counted = bins.get(binOf(answer)) ?? { right: 0, all: 0 };
    for (const [row, { failure }] of answer.rows.entries()) {
      counted.all += 1;
      if ((answer.probabilities[row] ?? 0) >= 0.5 === failure) counted.right += 1;
    }
    bins.set(binOf(answer), counted);
  }
  return [...bins].sort(([a], [b]) => a - b).map(([bin, { right, all }]) => ({ bin, accuracy: right / all }));
}

function legend(): string {
  const keys = regions.map(({ city, pop }, index) => `<span class="pop-${index}">${escapeText(city)} (${pop})</span>`);
  return `<p class="key pops">${keys.join('')}</p>`;
}

const units: Readonly<Record<NumericInput, string>> = {
  air_temperature: 'K',
  process_temperature: 'K',
  rotational_speed: 'rpm',
  torque: 'Nm',
  tool_wear: 'min',
};

function featureCard({ readings, requested }: Story): string {
  const named = requested.body.data.features as string[];
  const [before, after] = [featureColumns(readings.before), featureColumns(readings.after)];
  const plots = named.flatMap((feature) => {
    if (feature === 'type') {
      const typesOf = (rows: Story['readings']['before']) => rows.map(({ type }) => type);
      return [
        plotBox('type', '', categoriesThenAndNow('type', qualities, typesOf(readings.before), typesOf(readings.after))),
      ];
    }
    if (!(feature in units)) return [];
    const name = feature as NumericInput;
    return [plotBox(name, units[name], thenAndNow(name, before[name], after[name]))];
  });
  return `<section class="card wide"><h2>What changed in ${escapeText(changing.city)}</h2>
<p class="soft">The inputs that the event names, as the devices there sent them. <span class="key"><span class="then">before</span><span class="now">since the change</span></span></p>
<div class="features wide-plots">${plots.join('')}</div></section>`;
}

function plotBox(name: string, unit: string, plot: string): string {
  return `<div><b>${escapeText(name)}</b> <span class="soft">${unit}</span>${plot}</div>`;
}

function heldOutCard({ heldOut, plan }: Story): string {
  const rows = heldOut.flatMap(({ region, before, after }, index) =>
    (['f1', 'accuracy'] as const).map((metric, line) => {
      const [old, own] = [before.evaluation[metric], after.evaluation[metric]];
      const name =
        line === 0 ? `<td rowspan="2"><span class="place pop-${index}">${escapeText(region.city)}</span></td>` : '';
      return `<tr>${name}<td class="metric">${metric}</td><td class="number">${shown(old)}</td><td class="number"><b>${shown(own)}</b></td>${difference(own - old)}<td class="bars">${track(own, 1, 'new')}${track(old, 1, 'old')}</td></tr>`;
    }),
  );
  return `<section class="card wide"><h2>Before and after</h2>
<p class="soft">${plan.heldOutRows.toLocaleString('en')} readings of each region that no version learned from, asked at its PoP by the default route. ${key()}</p>
<table><tr><th></th><th>metric</th><th class="number">version 1</th><th class="number">version 2</th><th class="number">change</th><th></th></tr>${rows.join('')}</table></section>`;
}

function gateCard({ first, refused, second }: Story): string {
  const names = ['roc_auc', 'f1', 'precision', 'recall', 'accuracy'];
  const rows = names.map((name) => {
    const [one, hasty, two] = [first, refused, second].map(({ evaluation }) => evaluation.metrics[name]);
    return `<tr><td class="metric">${name}</td><td class="number">${shown(one)}</td><td class="number">${shown(hasty)}</td><td class="number"><b>${shown(two)}</b></td></tr>`;
  });
  const verdicts = `<tr><td></td><td class="number better">released</td><td class="number worse">refused</td><td class="number better">passes</td></tr>`;
  return `<section class="card"><h2>The gate</h2>
<p class="soft">On ${first.evaluation.data.rows.toLocaleString('en')} rows of the usual fleet: nothing may be lost elsewhere. One candidate learned from the new readings alone. Required: ${escapeText(second.evaluation.gate.requirements.join(', '))}.</p>
<table><tr><th>metric</th><th class="number">version 1</th><th class="number">new alone</th><th class="number">version 2</th></tr>${rows.join('')}${verdicts}</table></section>`;
}

function canaryCard({ canary }: Story): string {
  const rows = canary.arms.map(({ region, version, devices, requests, accuracy }, index) => {
    const name = index % 2 === 0 ? `<td rowspan="2">${escapeText(region.city)}</td>` : '';
    return `<tr>${name}<td class="number">${version}</td><td class="number">${devices}</td><td class="number">${requests}</td><td class="number">${accuracy === null ? '' : shown(accuracy)}</td></tr>`;
  });
  return `<section class="card"><h2>Canary</h2>
<p class="soft">${canary.percent} % by a hash of the device's key: ${canary.canaryDevices} of ${canary.devices} devices, ${canary.strays.length === 0 ? 'none of which changed sides' : `${canary.strays.length} of which changed sides`}. Accuracy is what the PoPs made of the truths that the maintenance told.</p>
<table><tr><th></th><th class="number">version</th><th class="number">devices</th><th class="number">requests</th><th class="number">accuracy</th></tr>${rows.join('')}</table></section>`;
}

function shadowCard({ shadow, plan }: Story): string {
  const facts = [
    ['Answers compared', shadow.compared.toLocaleString('en')],
    ['Decide otherwise', `${shadow.disagreements} (${((shadow.disagreementShare ?? 0) * 100).toFixed(1)} %)`],
    ['Mean difference of numbers', shown(shadow.meanDifference ?? undefined)],
    ['Largest difference', shown(shadow.maxDifference ?? undefined)],
    ['Errors', String(shadow.errors)],
    ['Left out', String(shadow.skipped)],
  ];
  const items = facts.map(([term = '', text = '']) => `<dt>${term}</dt><dd>${text}</dd>`);
  return `<section class="card"><h2>Shadow</h2>
<p class="soft">Version 2 ran along behind half of what version 1 answered, unseen. An answer is of ${plan.rowsPerRequest} readings and decides otherwise if one of them does, in ${escapeText(changing.city)} mostly.</p>
<dl class="facts">${items.join('')}</dl></section>`;
}

function propagationCard({ propagation }: Story): string {
  const longest = largest(propagation.flatMap(({ answeredMs }) => Object.values(answeredMs)));
  const rows = propagation.flatMap(({ what, answeredMs, reachedMs }) => {
    const [half, most, all] = reachedMs.map((ms) => (ms === null ? 'not yet' : `${(ms / 1000).toFixed(1)} s`));
    return regions.map(({ pop }, index) => {
      const ms = answeredMs[pop] ?? 0;
      const name =
        index === 0
          ? `<td rowspan="3">${escapeText(what)}<br><span class="soft reached">50 % ${half}, 90 % ${most}, 100 % ${all}</span></td>`
          : '';
      return `<tr>${name}<td>${pop}</td><td class="number">${(ms / 1000).toFixed(1)} s</td><td class="bars">${track(ms, longest, `pop-${index}`)}</td></tr>`;
    });
  });
  return `<section class="card wide"><h2>How soon it is there</h2>
<p class="soft">From the moment the route was written to the first answer from it at each PoP; below its name what the PoPs reported.</p>
<table><tr><th>release</th><th>PoP</th><th class="number">first answer</th><th></th></tr>${rows.join('')}</table></section>`;
}

function track(value: number, whole: number, kind: string): string {
  return `<div class="track ${kind}"><i style="width:${Math.max(0, Math.min(100, (value / whole) * 100)).toFixed(1)}%"></i></div>`;
}

function difference(value: number): string {
  if (Math.abs(value) < 0.0005) return '<td class="number soft">same</td>';
  const tone = Math.abs(value) < 0.02 ? 'soft' : value > 0 ? 'better' : 'worse';
  return `<td class="number ${tone}">${value > 0 ? '+' : '−'}${Math.abs(value).toFixed(3)}</td>`;
}

function key(): string {
  return '<span class="key"><span>version 2</span><span class="old">version 1</span></span>';
}

function shown(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? '–' : value.toFixed(3);
}
