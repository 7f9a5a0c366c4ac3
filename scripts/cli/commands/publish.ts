// `popserve publish`: a model file becomes a version in the registry, and on request the one that is served.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { ContractConflict } from '../../../registry/api/contract.ts';
import { contractBreaks } from '../../../registry/contract/breaks.ts';
import { PopserveError } from '../../../registry/errors.ts';
import { type Manifest, manifestBlobs } from '../../../registry/manifest.ts';
import { sameRelease } from '../../publish/same-release.ts';
import { unreadable } from '../../unreadable.ts';
import type { Judgement } from '../../validation/options.ts';
import { renderReport } from '../../validation/report.ts';
import { budgetTexts, overBudget } from '../../validation/requirement.ts';
import { checkBreaking, describeConflict, orWhatBreaks, remarkOnBreaking } from '../breaking-change.ts';
import type { Context, Execute } from '../context.ts';
import { describeDryRun, describeOverBudget, describePublication, describeRefusal } from '../describe-publication.ts';
import { activationReason } from '../forced-release.ts';
import { budgetsOf, checkReportPath, gateOptions, stableVersion } from '../gate-options.ts';
import { whatIsPublished } from '../pipeline-options.ts';
import { addPublishOptions, type PublishArguments, publishOptions } from '../publish-options.ts';
import { registeredVersions } from '../registered-versions.ts';
import type { RegistryClient, RouteChange } from '../registry-client.ts';
import { otherContent, register, versionTaken } from '../release.ts';
import type { Report } from '../report.ts';
import { UsageError } from '../usage-error.ts';
import { highestVersion, nextVersion } from '../version-number.ts';

export function addPublish(program: Command, execute: Execute): void {
  const command = program
    .command('publish')
    .description(
      'Checks a model file in the runtime that the PoPs use, converts and measures it, and registers it as a version.',
    )
    .argument('<model>', 'the model: .onnx, .ort, or a folder as the Hugging Face Hub has it');
  addPublishOptions(command).action((file: string, options: PublishArguments) =>
    execute(options, (context) => orWhatBreaks(context, options, () => publish(context, file, options))),
  );
}

/** Repeating the command completes an attempt that ended anywhere. */
async function publish(context: Context, path: string, options: PublishArguments): Promise<Report> {
  if (options.reason !== undefined && !options.activate && !options.force) {
    throw new UsageError('--reason goes with --activate or --force: a version that is not served has no history');
  }
  if (options.breaking && !options.activate) {
    throw new UsageError('--breaking goes with --activate: a version that is not served breaks nobody');
  }
  if (options.dryRun && options.activate) {
    throw new UsageError('--dry-run publishes nothing, so there is nothing to serve with --activate');
  }
  checkBreaking(options);
  // Wrong usage is reported before anything is read.
  gateOptions(options, undefined);
  await checkReportPath(options.report);
  const { registry, progress, host } = context;
  const { file, pipeline: pipelineOptions, labels } = await whatIsPublished(path, options);
  const model = options.name;
  progress.step(`reading ${basename(file)}`);
  const sourceDigest = await digestOfFile(file);
  progress.step(`asking ${context.connection.settings.url} what it has of ${model}`);
  const { details, notes: unasked } = await registeredVersions(context, model, options);
  const existing = details?.versions.map(({ version }) => version) ?? [];
  const version = options.version ?? nextVersion([...existing, ...(details?.retired ?? [])], host.now());
  // Checking a model takes a while, so a version that is surely going to be refused is refused before.
  const standing = existing.includes(version) ? await registry.getManifest(model, version) : null;
  if (standing !== null && standing.source.digest !== sourceDigest) {
    throw versionTaken(
      standing,
      ` (of ${standing.source.file}, ${standing.source.digest}; this file is ${sourceDigest})`,
    );
  }

  const stable = details?.route?.aliases.stable;
  const served = stable === undefined ? null : await readServed(registry, model, stable);
  const judgedAgainst = served === null || options.testData === undefined ? undefined : stableVersion(registry, served);
  const validation = gateOptions(options, judgedAgainst);
  const { labels: _, ...others } = options;
  const prepared = publishOptions(file, version, labels === undefined ? others : { ...options, labels: [...labels] });
  const publication = await host.prepare(
    {
      ...prepared,
      ...(pipelineOptions === undefined ? {} : { pipeline: pipelineOptions }),
      ...(validation === null ? {} : { validation }),
    },
    progress,
  );
  const judgement = publication.validation?.judgement ?? null;
  if (judgement !== null) await writeReport(publication.manifest, judgement, options.report);
  if (judgement !== null && judgement.failures.length > 0 && !options.force) {
    return describeRefusal(publication.manifest, judgement);
  }
  const budgets = budgetsOf(options);
  if (judgement === null) {
    const failures = overBudget(budgets, publication.manifest.runtime.profiles);
    if (failures.length > 0) return describeOverBudget(publication.manifest, failures);
  }
  const latest = options.version === undefined ? await previousRelease(context, model, existing) : null;
  const same = [standing, latest].find(
    (manifest) =>
      manifest !== null &&
      sameRelease(manifest, { ...publication.manifest, version: manifest.version }, options.engine),
  );
  if (standing !== null && same !== standing) throw otherContent(standing, publication.manifest);

  // The first publication's golden vectors and measurements stay; those of a second would make it another manifest.
  const manifest = same ?? publication.manifest;
  // Before anything is uploaded: a version that is refused takes no name.
  const conflict = served === null ? null : conflictWith(served, manifest);
  if (conflict !== null && options.activate && !options.breaking) return describeConflict(context, conflict, options);
  if (options.dryRun) {
    return describeDryRun(manifest, { ...publication, notes: [...unasked, ...publication.notes] }, judgement);
  }
  const named = new Set<string>(manifestBlobs(manifest));
  const blobs = publication.blobs.filter(({ digest }) => named.has(digest));
  const { uploaded, created } = await register(registry, { manifest, blobs }, progress);
  const change = options.activate
    ? await activate(context, manifest, { ...options, reason: activationReason(manifest, options.reason) })
    : null;
  const remarks = [
    ...(judgement === null && budgetTexts(budgets).length > 0
      ? [`as required: ${budgetTexts(budgets).join(', ')}`]
      : []),
    ...remarkOnEngine(manifest, publication.manifest),
    ...(options.force && judgement !== null && judgement.failures.length === 0
      ? ['--force was not needed: nothing was passed over, and its reason is not kept with the version']
      : []),
    ...(change === null ? [] : remarkOnBreaking(options, change.route)),
  ];
  return describePublication(context, {
    manifest,
    uploaded,
    created,
    notes: publication.notes,
    steps: publication.pipelineSteps,
    change,
    judgement,
    remarks,
    conflict,
  });
}

/** A version that exists stays as it is: who has installed LiteRT since learns how the model comes to it. */
function remarkOnEngine(kept: Manifest, fresh: Manifest): string[] {
  const { litert } = fresh.runtime;
  if (kept === fresh || litert === undefined || kept.runtime.litert !== undefined) return [];
  return [
    `onnxruntime alone runs ${kept.version}, as it was published; LiteRT would be ${litert.timesFaster} times as fast: publish it as another version, with --engine litert`,
  ];
}

/** Without --version the same file twice in a row is one release repeated, not two. */
function previousRelease({ registry }: Context, model: string, existing: readonly string[]): Promise<Manifest | null> {
  const version = highestVersion(existing);
  return version === undefined ? Promise.resolve(null) : orNothing(registry.getManifest(model, version));
}

function activate(
  { registry, progress }: Context,
  { model, version }: Manifest,
  { reason, breaking }: { reason: string | undefined; breaking?: boolean },
): Promise<RouteChange> {
  progress.step(`activating ${model} ${version}`);
  return registry.appendRoute(model, {
    ...{ action: 'activate', version },
    ...(breaking ? { breaking } : {}),
    ...(reason === undefined ? {} : { reason }),
  });
}

/** Null if serving the version hurts no caller of the one that is served. */
function conflictWith(served: Manifest, next: Manifest): ContractConflict | null {
  const breaks = contractBreaks(served, next);
  return breaks.length === 0 ? null : { served: served.version, next: next.version, under: 'stable', breaks };
}

/**
 * The version that is served: its contract is compared, and its figures where there are test data.
 * @returns null if its manifest is lost or damaged, which must not keep another version from taking its place
 */
async function readServed(registry: RegistryClient, model: string, version: string): Promise<Manifest | null> {
  try {
    return await registry.getManifest(model, version);
  } catch (error) {
    if (error instanceof PopserveError && (error.code === 'NOT_FOUND' || error.code === 'INTERNAL')) return null;
    throw error;
  }
}

/** The report is written for a refused release, too: then somebody wants to look. */
async function writeReport(manifest: Manifest, judgement: Judgement, file: string | undefined): Promise<void> {
  if (file !== undefined) await writeFile(file, renderReport(manifest, judgement, new Date()));
}

async function digestOfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(file), hash);
  } catch (error) {
    throw unreadable(file, error);
  }
  return `sha256:${hash.digest('hex')}`;
}

async function orNothing<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof PopserveError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}
