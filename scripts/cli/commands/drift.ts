// The command that shows drift: how far live values of each place are from the version's baseline; and that accepts them as usual.
import type { Command } from 'commander';
import type { DriftSettings, FeatureVerdict, ModelDrift } from '../../../registry/api/drift.ts';
import { distinctPlaces, nameOfPlace, type ShownPlace } from '../../../registry/drift-places.ts';
import { describeWait } from '../../../registry/drift-wait.ts';
import { largest } from '../../../registry/extremes.ts';
import { nearest } from '../../../registry/nearest.ts';
import { parseModel, parsePlace, parseReason, parseVersion } from '../arguments.ts';
import type { Context, Execute } from '../context.ts';
import { driftHeadline, progress, stateOfPlace, timeOf } from '../drift-headline.ts';
import { parsePop } from '../pop-options.ts';
import { type Line, type Report, table } from '../report.ts';
import { UsageError } from '../usage-error.ts';

interface DriftOptions {
  json?: boolean;
  pop?: string;
  version?: string;
  accept?: string;
  withdraw?: string;
  reason?: string;
}

export function addDrift(program: Command, execute: Execute): void {
  program
    .command('drift')
    .description('how far live inputs and outputs are from the data that a version was published with')
    .argument('<model>', 'name of the model', parseModel)
    .option('--pop <name>', 'only this PoP, by its name as status shows it', parsePop)
    .option('--version <version>', 'only this version', parseVersion)
    .option(
      '--accept <place>',
      'take the newest values of a place as its usual: pop:FRA, region:EU, global',
      parsePlace,
    )
    .option('--withdraw <place>', "judge a place against the version's baseline again", parsePlace)
    .option('--reason <text>', 'why, for the audit', parseReason)
    .option('--json', 'machine-readable output')
    .action((model: string, options: DriftOptions) =>
      execute(options, (context) =>
        isChange(options) ? changeBaseline(context, model, options) : drift(context, model, options),
      ),
    );
}

function isChange({ accept, withdraw, reason }: DriftOptions): boolean {
  return accept !== undefined || withdraw !== undefined || reason !== undefined;
}

/** Without a version it is the one that is served. */
async function changeBaseline({ registry }: Context, model: string, options: DriftOptions): Promise<Report> {
  const { accept, withdraw, reason } = options;
  const place = accept ?? withdraw;
  if (place === undefined || (accept !== undefined && withdraw !== undefined)) {
    throw new UsageError('give either --accept PLACE or --withdraw PLACE');
  }
  if (reason === undefined) throw new UsageError('say why: --reason "the summer is warmer here"');
  const version = options.version ?? (await registry.showModel(model)).route?.aliases.stable;
  if (version === undefined) throw new UsageError(`no version of ${model} is served: name one with --version`);
  const action = accept === undefined ? ('withdraw' as const) : ('accept' as const);
  const changed = await registry.changeBaseline(model, { action, version, place, reason });
  const { accepted } = changed;
  const now =
    accepted === null
      ? "is judged against the version's baseline again"
      : `is judged against its own ${accepted.rows} rows from ${timeOf(accepted.fromMs)} to ${timeOf(accepted.toMs)}`;
  return { lines: [`${model} ${version}: ${place} ${now}`], value: changed };
}

async function drift({ registry, host }: Context, model: string, { pop, version }: DriftOptions): Promise<Report> {
  const details = await registry.drift(model, {
    ...(pop === undefined ? {} : { pop }),
    ...(version === undefined ? {} : { version }),
  });
  if (details.versions.length === 0 && version !== undefined) {
    // Where there is no such version, the registry says so.
    const { baseline } = await registry.getManifest(model, version);
    const why = baseline === undefined ? noBaseline : nothingCounted;
    return { lines: [`${model} ${version}: ${why}`], value: details };
  }
  if (pop !== undefined && details.versions.length > 0 && details.versions.every(({ places }) => places.length === 0)) {
    const reported = await popsOf(registry, model);
    const there = reported.length === 0 ? 'none has' : `those that have: ${nearest(pop, reported)}`;
    return { lines: [`${model}: no such PoP has reported: ${pop}; ${there}`], value: details, failed: true };
  }
  return { lines: describeDrift(details, pop, host.now().getTime()), value: details };
}

async function popsOf(registry: Context['registry'], model: string): Promise<string[]> {
  const { versions } = await registry.drift(model, {});
  const places = versions.flatMap((version) => version.places.map(({ place }) => place));
  return [...new Set(places.filter((place) => place.startsWith('pop:')).map((place) => place.slice('pop:'.length)))];
}

const noBaseline = 'it has no baseline (publish it with --test-data)';
const nothingCounted =
  "nothing was counted yet: requests count some seconds later, those with the operator's token (of 'npx popserve infer') never";

function describeDrift(
  { model, settings, versions, events }: ModelDrift,
  pop: string | undefined,
  nowMs: number,
): Line[] {
  if (versions.length === 0)
    return [`${model}: ${nothingCounted}; a version needs a baseline (publish it with --test-data)`];
  const lines = versions
    .filter(({ places }) => pop === undefined || places.length > 0)
    .flatMap((version) => [
      `${model} ${version.version}: ${driftHeadline(version, settings, nowMs)}`,
      ...distinctPlaces(version.places).flatMap((place) => describePlace(place, settings, nowMs)),
    ]);
  const waiting = events.filter(({ deliveredMs, nextMs }) => deliveredMs === null && nextMs !== null);
  return [
    ...lines,
    ...waiting.map(
      ({ type, attempts, lastError }) => `${type} waits for its receiver: ${attempts} attempts, ${lastError}`,
    ),
  ];
}

function describePlace(shown: ShownPlace, settings: DriftSettings, nowMs: number): Line[] {
  const { open, window, windows, accepted } = shown.drift;
  const state = `${nameOfPlace(shown)}: ${stateOfPlace(shown.drift, settings)}`;
  if (window === null) return ['', state, progress([shown.drift], nowMs)];
  const span = `${timeOf(window.fromMs)} to ${timeOf(window.toMs)}, ${window.rows} rows`;
  const next = open === null ? [] : [`next: ${describeWait(open, nowMs)}`];
  const trend =
    windows.length < 2 ? [] : [`PSI of the last windows  ${sparkline(windows.map(({ maxPsi }) => maxPsi))}`];
  const own =
    accepted === null
      ? []
      : [
          `own baseline since ${timeOf(accepted.atMs)}, by ${accepted.actor}: ${accepted.reason ?? 'no reason was given'}`,
        ];
  const rows = [...window.features].sort((a, b) => b.psi - a.psi).map((feature) => describeFeature(feature, settings));
  const header = ['', 'PSI', '', 'JS', 'MISSING', 'OUTSIDE', 'PAST'];
  return ['', state, span, ...next, ...own, ...trend, ...table([header, ...rows])];
}

function describeFeature(feature: FeatureVerdict, { thresholds }: DriftSettings): string[] {
  const tooFew = feature.samples < feature.minimumSamples;
  const bar = tooFew
    ? `too few values: ${feature.samples} of ${feature.minimumSamples}`
    : psiBar(feature.psi, thresholds.psi);
  return [
    feature.kind === 'output' ? `-> ${feature.feature}` : feature.feature,
    tooFew ? '' : feature.psi.toFixed(3),
    bar,
    tooFew ? '' : feature.jensenShannon.toFixed(3),
    percent(feature.missing),
    percent(feature.outside),
    feature.past.join(' '),
  ];
}

const barWidth = 16;
/** The bar is full at so many times the threshold. */
const fullAt = 4;

/** A bar with a mark where the threshold is: `####|####        `. */
function psiBar(psi: number, threshold: number): string {
  const filled = Math.min(barWidth, Math.round((psi / threshold / fullAt) * barWidth));
  const mark = barWidth / fullAt;
  const bar = '#'.repeat(filled).padEnd(barWidth);
  return `${bar.slice(0, mark)}|${bar.slice(mark)}`;
}

/** Each value as one of eight heights, the largest at the top. */
function sparkline(values: readonly number[]): string {
  const most = largest(values, Number.MIN_VALUE);
  return values.map((value) => '▁▂▃▄▅▆▇█'[Math.round((value / most) * 7)]).join('');
}

function percent(share: number): string {
  return share === 0 ? '' : `${(share * 100).toFixed(1)} %`;
}
