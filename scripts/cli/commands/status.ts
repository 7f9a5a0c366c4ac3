// The PoPs' reports: `popserve status`, and the numbers of a shadow.
import type { Command } from 'commander';
import type { FeedbackStatus } from '../../../registry/api/feedback.ts';
import type { LatencyStatus } from '../../../registry/api/latency.ts';
import type { ModelStatus } from '../../../registry/api/status.ts';
import { PopserveError } from '../../../registry/errors.ts';
import { parseModel } from '../arguments.ts';
import type { Context, Execute } from '../context.ts';
import { describeRoute, describeShare, limitNames } from '../describe-route.ts';
import { driftHeadline } from '../drift-headline.ts';
import { describeEndedCanary, findEndedCanary } from '../ended-canary.ts';
import type { RegistryClient } from '../registry-client.ts';
import { type Line, type Report, table } from '../report.ts';

const barWidth = 24;

export function addStatus(program: Command, execute: Execute): void {
  program
    .command('status')
    .description('which PoP serves what, how long the last release took to arrive, and what was served')
    .argument('<model>', 'name of the model', parseModel)
    .option('--json', 'machine-readable output')
    .action((model: string, options: { json?: boolean }) => execute(options, (context) => status(context, model)));
}

async function status({ registry, host }: Context, model: string): Promise<Report> {
  const [found, drift] = await Promise.all([registry.status(model), headlines(registry, model, host.now().getTime())]);
  const ended = await findEndedCanary(registry, found.route);
  const { route, pops, versions, guard, latency, feedback } = found;
  const popRows = pops.map(({ pop, epoch, highestEpoch, stable, canary, isolates, held, seenAtMs }) => [
    pop,
    epoch === highestEpoch ? String(epoch) : `${epoch}-${highestEpoch}`,
    stable ?? '(none)',
    describeShare(canary),
    String(isolates),
    time(seenAtMs),
    held === null ? '' : `epoch ${held.epoch}: ${held.reason}`,
  ]);
  const versionRows = versions.map(({ version, requests, inferences, failures, failuresByCode, lastInferenceMs }) => [
    version,
    String(requests),
    String(inferences),
    failures === 0 ? '0' : `${failures} (${describeCodes(failuresByCode)})`,
    lastInferenceMs === 0 ? '' : time(lastInferenceMs),
  ]);
  return {
    lines: [
      ...(route === null ? [`${model}: no version is active`] : describeRoute(route)),
      ...(ended === null ? [] : [describeEndedCanary(ended)]),
      ...guard.map(({ text, limit, passed }) => `guard: ${text}, limit ${limit}${passed ? ': passed' : ''}`),
      ...describeUnmeasured(found),
      ...describeRelease(found, host.screenColumns !== null),
      ...describeAhead(found),
      ...drift.map(({ version, state }) => `drift of ${version}: ${state}`),
      ...(popRows.length === 0
        ? []
        : ['', ...table([['POP', 'EPOCH', 'SERVING', 'CANARY', 'ISOLATES', 'SEEN (UTC)', 'HELD BACK'], ...popRows])]),
      ...(versionRows.length === 0
        ? []
        : ['', ...table([['VERSION', 'REQUESTS', 'INFERENCES', 'FAILED', 'LAST (UTC)'], ...versionRows])]),
      ...describeLatency(latency),
      ...describeFeedback(feedback),
    ],
    value: { ...found, drift, ...(ended === null ? {} : { endedCanary: ended }) },
  };
}

/** A line for each version of which values are counted; none where the registry does not tell. */
async function headlines(registry: RegistryClient, model: string, nowMs: number) {
  try {
    const { versions, settings } = await registry.drift(model, {});
    return versions.map((each) => ({ version: each.version, state: driftHeadline(each, settings, nowMs) }));
  } catch (error) {
    if (error instanceof PopserveError) return [];
    throw error;
  }
}

/** What callers measured lately: empty if none did. */
function describeLatency(latency: LatencyStatus | undefined): Line[] {
  if (latency === undefined || latency.recent.length === 0) return [];
  const rows = latency.recent.map(({ version, side, place, calls, outcomes, p50Ms, p95Ms, p99Ms }) => [
    ...[version, side, place, String(calls), ...[p50Ms, p95Ms, p99Ms].map(number)],
    ...[outcomes.refused, outcomes.failed, outcomes.timeout].map(String),
  ]);
  const header = ['VERSION', 'SIDE', 'PLACE', 'CALLS', 'P50 MS', 'P95 MS', 'P99 MS', 'REFUSED', 'FAILED', 'TIMEOUT'];
  return ['', `measured by callers since ${time(latency.recentFromMs)}:`, ...table([header, ...rows])];
}

/** What callers said was true within a day: empty if none did. */
function describeFeedback(feedback: FeedbackStatus | undefined): Line[] {
  if (feedback === undefined || feedback.recent.length === 0) return [];
  const rows = feedback.recent.map(({ version, side, place, records, accuracy, errorP50, errorP90 }) => [
    ...[version, side, place, String(records)],
    ...[accuracy === null ? '' : `${(accuracy * 100).toFixed(1)} %`, number(errorP50), number(errorP90)],
  ]);
  const header = ['VERSION', 'SIDE', 'PLACE', 'RECORDS', 'RIGHT', 'ERROR P50', 'ERROR P90'];
  return ['', `compared with the truth since ${time(feedback.recentFromMs)}:`, ...table([header, ...rows])];
}

/** The limits that nothing was measured against so far. */
function describeUnmeasured({ route, guard }: ModelStatus): string[] {
  const { minRequests: _, ...limits } = route?.rollout?.limits ?? { minRequests: 0 };
  return Object.entries(limits)
    .filter(([name]) => !guard.some((finding) => finding.name === name))
    .map(([name, limit]) => `guard: ${limitNames[name as keyof typeof limits]} not measured yet, limit ${limit}`);
}

/** PoPs that serve a route which the log has lost: they take no release until the log is above it. */
function describeAhead({ model, pops }: ModelStatus): string[] {
  const ahead = pops.flatMap(({ pop, highestEpoch, ahead: found }) =>
    found === null
      ? []
      : [`${pop} serves epoch ${highestEpoch}, which the log has lost: it ends at epoch ${found.logEpoch}`],
  );
  return ahead.length === 0 ? [] : [...ahead, `these PoPs take no release until you run: npx popserve renew ${model}`];
}

/** @param route null: there is nothing that a PoP could report */
function describeRelease({ model, route, release }: ModelStatus, terminal: boolean): string[] {
  if (route === null) return [];
  if (release === null || release.pops === 0) {
    return [
      `no PoP has reported epoch ${release?.epoch ?? route.epoch} yet: a PoP takes it up with its next request for ${model}, and reports`,
      'behind a request, at most once in TELEMETRY_FLUSH_SECONDS; while nobody asks for the model, nothing comes',
    ];
  }
  const { epoch, pops, reachedPops } = release;
  const share = reachedPops / pops;
  const filled = Math.floor(share * barWidth);
  const bar = terminal ? `  [${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}]` : '';
  const reached = [50, 90, 100].map((percent) => {
    const ms = release[`reach${percent}Ms` as 'reach50Ms' | 'reach90Ms' | 'reach100Ms'];
    return `${percent} % ${ms === null ? 'not yet' : `after ${(ms / 1000).toFixed(1)} s`}`;
  });
  return [
    `epoch ${epoch} has reached ${reachedPops} of ${pops} PoPs, ${Math.floor(share * 100)} %${bar}`,
    `of the PoPs: ${reached.join(', ')}`,
  ];
}

/** The numbers of every pair of versions that a shadow compared. */
export async function reportShadow({ registry }: Context, model: string): Promise<Report> {
  const found = await registry.shadow(model);
  const rows = found.pairs.map((pair) => [
    pair.stable,
    pair.candidate,
    String(pair.requests),
    number(pair.meanDifference),
    number(pair.maxDifference),
    pair.disagreementShare === null ? '' : `${pair.disagreements} (${(pair.disagreementShare * 100).toPrecision(3)} %)`,
    String(pair.errors),
    String(pair.skipped),
    time(pair.lastAtMs),
  ]);
  const header = [
    'STABLE',
    'SHADOW',
    'REQUESTS',
    'MEAN DIFF',
    'MAX DIFF',
    'DISAGREE',
    'ERRORS',
    'SKIPPED',
    'LAST (UTC)',
  ];
  return {
    lines: rows.length === 0 ? [`${model}: no shadow has run yet`] : table([header, ...rows]),
    value: found,
  };
}

function describeCodes(codes: Readonly<Record<string, number>>): string {
  return Object.entries(codes)
    .map(([code, count]) => `${count} ${code}`)
    .join(', ');
}

function number(value: number | null): string {
  return value === null ? '' : String(Number(value.toPrecision(3)));
}

function time(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
