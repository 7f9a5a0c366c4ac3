// `popserve copy`: a version from one place to another, byte for byte, verified there before it is served.
import type { Command } from 'commander';
import type { Manifest } from '../../../registry/manifest.ts';
import { copyVersion, type VersionCopy } from '../../transfer/copy-version.ts';
import { parseEpoch, parseModel, parseReason, parseVersion } from '../arguments.ts';
import { type BreakingOptions, checkBreaking, orWhatBreaks, remarkOnBreaking } from '../breaking-change.ts';
import type { Context, Execute } from '../context.ts';
import { describeRoute } from '../describe-route.ts';
import { reasonToServe } from '../forced-release.ts';
import { parsePlace, readPlace, requireTwoPlaces } from '../places.ts';
import { type Replay, readGolden, replayGolden } from '../replay-golden.ts';
import type { Report } from '../report.ts';
import type { Settings } from '../settings.ts';
import { UsageError } from '../usage-error.ts';
import { withWhatExists } from '../what-exists.ts';
import { activateVerified } from './verify.ts';

interface CopyOptions extends BreakingOptions {
  from?: string;
  to: string;
  activate?: boolean;
  ifEpoch?: number;
  json?: boolean;
}

export function addCopy(program: Command, execute: Execute): void {
  program
    .command('copy')
    .description('brings a version to another place: the same bytes, verified there')
    .argument('<model>', 'name of the model', parseModel)
    .argument('<version>', 'a published version', parseVersion)
    .requiredOption(
      '--to <place>',
      'a name such as production (POPSERVE_PRODUCTION_URL, …_TOKEN), or a URL',
      parsePlace,
    )
    .option('--from <place>', 'the same (default: POPSERVE_URL)', parsePlace)
    .option('--activate', 'serve it there to everyone once it answers as published')
    .option('--reason <text>', 'for the history of the model; with --activate', parseReason)
    .option('--if-epoch <epoch>', 'only if nobody has changed the route there since this epoch', parseEpoch)
    .option('--breaking', 'activate even if callers of the version that is served there break; needs --reason')
    .option('--json', 'machine-readable output')
    .action((model: string, version: string, options: CopyOptions) => {
      checkBreaking(options);
      requireActivate(options);
      return execute(options, (context) => copy(context, model, version, options));
    });
}

function requireActivate({ activate, breaking, reason, ifEpoch }: CopyOptions): void {
  if (activate || !(breaking || reason !== undefined || ifEpoch !== undefined)) return;
  throw new UsageError('copy: --reason, --breaking and --if-epoch go with --activate');
}

async function copy(context: Context, model: string, version: string, options: CopyOptions): Promise<Report> {
  const { host, progress } = context;
  const from = options.from === undefined ? context.connection.settings : readPlace(host.env, options.from, '--from');
  const to = readPlace(host.env, options.to, '--to');
  requireTwoPlaces(from, to);
  const [source, target] = [context.at(from), context.at(to)];
  const copied = await copyVersion(source.registry, target.registry, { model, version }, (step) =>
    progress.step(step),
  ).catch(async (error) => {
    throw await withWhatExists(error, source.registry, { model, version });
  });
  const told = describeCopy(copied, from, to);
  const facts = { model, version, digest: copied.digest, from: from.url.href, to: to.url.href };
  const value = { ...facts, created: copied.created, sentBlobs: copied.sentBlobs };
  const { manifest } = copied;
  if (manifest.artifacts.golden === undefined) {
    const unverified = `not verified: ${whyUnverified(manifest)}`;
    const report = options.activate ? await activate(target, manifest, options) : { lines: [], value: {} };
    return withCopy(report, [told, unverified], { ...value, verified: null });
  }
  if (options.activate) {
    const change = () => verifiedActivation(target, manifest, options);
    return withCopy(await orWhatBreaks(target, options, change), [told], value);
  }
  return withCopy(await verify(target, manifest), [told], value);
}

function withCopy(report: Report, lines: readonly string[], value: object): Report {
  return { ...report, lines: [...lines, ...report.lines], value: { ...value, ...(report.value as object) } };
}

function describeCopy({ manifest, digest, sentBlobs, created }: VersionCopy, from: Settings, to: Settings): string {
  const what = created ? `registered, ${sentBlobs} of its blobs were missing` : 'was there already';
  return `${manifest.model} ${manifest.version} from ${from.url.origin} at ${to.url.origin}: ${what} (${digest})`;
}

function whyUnverified({ random }: Manifest): string {
  return random === undefined ? 'it has no golden vectors' : 'it draws random numbers, so no two answers are the same';
}

async function verify(target: Context, manifest: Manifest): Promise<Report> {
  const cases = await readGolden(target.registry, manifest);
  target.progress.step(`replaying ${cases.length} golden vectors at ${target.connection.settings.url}`);
  const verified: Replay = await replayGolden(target.connection, manifest, cases, 'version');
  const passed = verified.cases - verified.faults.length;
  return {
    lines: [`${passed} of ${verified.cases} golden vectors as published there`, ...verified.faults],
    value: { verified },
    failed: verified.faults.length > 0,
  };
}

async function verifiedActivation(
  target: Context,
  { model, version }: Manifest,
  options: CopyOptions,
): Promise<Report> {
  const { breaking, ifEpoch } = options;
  const reason = await reasonToServe(target.registry, model, version, options.reason);
  return activateVerified(target, model, version, {
    ...(reason === undefined ? {} : { reason }),
    ...(breaking === undefined ? {} : { breaking }),
    ...(ifEpoch === undefined ? {} : { ifEpoch }),
  });
}

/** For a version without golden vectors. */
function activate(target: Context, { model, version }: Manifest, options: CopyOptions): Promise<Report> {
  const { registry, progress } = target;
  return orWhatBreaks(target, options, async () => {
    const reason = await reasonToServe(registry, model, version, options.reason);
    progress.step(`activating ${model} ${version}`);
    const change = await registry.appendRoute(
      model,
      {
        ...{ action: 'activate', version },
        ...(options.breaking ? { breaking: true } : {}),
        ...(reason === undefined ? {} : { reason }),
      },
      options.ifEpoch,
    );
    return { lines: [...describeRoute(change.route), ...remarkOnBreaking(options, change.route)], value: change };
  });
}
