// `popserve publish`: a model file becomes a version in the registry, and on request the one that is served.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import type { ContractConflict } from '../../../registry/api/contract.ts';
import { contractBreaks } from '../../../registry/contract/breaks.ts';
import { PopserveError } from '../../../registry/errors.ts';
import { type Manifest, manifestBlobs } from '../../../registry/manifest.ts';
import type { GivenShape, LabelsFile, MaxDim } from '../../publish/options.ts';
import { sameRelease } from '../../publish/same-release.ts';
import type { Judgement } from '../../validation/options.ts';
import type { Publication, PublishOptions } from '../../validation/publication.ts';
import { renderReport } from '../../validation/report.ts';
import { budgetTexts, overBudget } from '../../validation/requirement.ts';
import {
  collectLabels,
  collectMaxDims,
  collectMetadata,
  collectShapes,
  parseFeatures,
  parseMilliseconds,
  parseModel,
  parsePositive,
  parseReason,
  parseTolerance,
  parseVersion,
} from '../arguments.ts';
import { breakTable, checkBreaking, describeConflict, orWhatBreaks, remarkOnBreaking } from '../breaking-change.ts';
import type { Context, Execute } from '../context.ts';
import { describeEvaluation } from '../describe-evaluation.ts';
import { describeRoute } from '../describe-route.ts';
import { activationReason } from '../forced-release.ts';
import {
  addGateOptions,
  budgetsOf,
  checkReportPath,
  type GateArguments,
  gateOptions,
  stableVersion,
} from '../gate-options.ts';
import { addPipelineOptions, type PipelineArguments, whatIsPublished } from '../pipeline-options.ts';
import type { RegistryClient, RouteChange } from '../registry-client.ts';
import { otherContent, register, versionTaken } from '../release.ts';
import { type Report, table } from '../report.ts';
import { curlLine } from '../sample-request.ts';
import { UsageError } from '../usage-error.ts';
import { highestVersion, nextVersion } from '../version-number.ts';

interface PublishArguments extends GateArguments, PipelineArguments {
  name: string;
  version?: string;
  activate?: boolean;
  breaking?: boolean;
  inputs?: string;
  toleranceAbs: number;
  toleranceRel: number;
  features?: string[];
  labels?: LabelsFile[];
  maxDim?: MaxDim[];
  shape?: GivenShape[];
  probeLimit?: number;
  description?: string;
  metadata?: Record<string, string>;
  format?: 'auto' | 'onnx' | 'ort';
  allowRandom?: boolean;
  memoryBudget?: number;
  timeout?: number;
  memoryLimit?: number;
  dryRun?: boolean;
  json?: boolean;
}

export function addPublish(program: Command, execute: Execute): void {
  const command = program
    .command('publish')
    .summary('check, convert, measure and upload a model file as a new version')
    .description(
      'Checks a model file in the runtime that the PoPs use, converts and measures it, and registers it as a version.',
    )
    .argument('<model>', 'the model: .onnx, .ort, or a folder as the Hugging Face Hub has it')
    .requiredOption('--name <model>', 'the model that this is a version of', parseModel)
    .option('--version <version>', 'default: the next after the highest, v1 for the first', parseVersion)
    .option('--activate', 'serve it at once')
    .option('--breaking', 'with --activate: even if callers of the version that is served break; needs --reason')
    .option('--reason <text>', 'for the history of the model, with --activate or --force', parseReason)
    .option('--inputs <file>', 'sample inputs: an inference request, or a list of them, as JSON')
    .option('--tolerance-abs <number>', 'allowed absolute difference from native onnxruntime', parseTolerance, 1e-3)
    .option('--tolerance-rel <number>', 'allowed relative difference from native onnxruntime', parseTolerance, 1e-3)
    .option('--features <a,b,c>', 'names for plain records: of the columns of the only input', parseFeatures)
    .option(
      '--labels <[output=]file>',
      'class labels of an output, one per line; may be given several times',
      collectLabels,
    )
    .option(
      '--max-dim <[name=]size>',
      'greatest size of a variable dimension that a PoP takes: NAME is its symbol or input:axis, without it of all',
      collectMaxDims,
    )
    .option(
      '--shape <name=sizes>',
      'shape of an input or output for which the file has none: numbers, names or ? for each dimension, as in x=batch,3',
      collectShapes,
    )
    .option(
      '--probe-limit <ms>',
      'inputs on which a run takes longer are too large; 0 measures nothing (default: 2000)',
      parseMilliseconds,
    )
    .option('--description <text>', 'kept with the version')
    .option('--metadata <key=value>', 'kept with the version; may be given several times', collectMetadata)
    .option('--allow-random', 'publish a model that draws random numbers: it is not verified, compared or cached')
    .addOption(new Option('--format <format>', 'what to serve from').choices(['auto', 'onnx', 'ort']))
    .option('--memory-budget <MiB>', 'what a PoP has for a model, as MEMORY_BUDGET_MIB says there', parsePositive)
    .option('--timeout <seconds>', 'for each step of the check', parsePositive)
    .option('--memory-limit <MiB>', 'for the process that converts', parsePositive);
  addPipelineOptions(addGateOptions(command))
    .option('--dry-run', 'show what would be published, and publish nothing')
    .option('--json', 'machine-readable output')
    .action((file: string, options: PublishArguments) =>
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
  const details = await orNothing(registry.showModel(model));
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
    (manifest) => manifest !== null && sameRelease(manifest, { ...publication.manifest, version: manifest.version }),
  );
  if (standing !== null && same !== standing) throw otherContent(standing, publication.manifest);

  // The first publication's golden vectors and measurements stay; those of a second would make it another manifest.
  const manifest = same ?? publication.manifest;
  // Before anything is uploaded: a version that is refused takes no name.
  const conflict = served === null ? null : conflictWith(served, manifest);
  if (conflict !== null && options.activate && !options.breaking) return describeConflict(context, conflict, options);
  if (options.dryRun) return describeDryRun(manifest, publication, judgement);
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

function publishOptions(file: string, version: string, options: PublishArguments): PublishOptions {
  const metadata = {
    ...options.metadata,
    ...(options.description === undefined ? {} : { description: options.description }),
  };
  return {
    file,
    model: options.name,
    version,
    tolerance: { absolute: options.toleranceAbs, relative: options.toleranceRel },
    ...(options.inputs === undefined ? {} : { inputsFile: options.inputs }),
    ...(options.features === undefined ? {} : { features: options.features }),
    ...(options.maxDim === undefined ? {} : { maxDims: options.maxDim }),
    ...(options.shape === undefined ? {} : { shapes: options.shape }),
    ...(options.probeLimit === undefined ? {} : { probeLimitMs: options.probeLimit }),
    ...(options.labels === undefined ? {} : { labels: options.labels }),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(options.format === undefined ? {} : { format: options.format }),
    ...(options.allowRandom ? { allowRandom: true } : {}),
    ...(options.memoryBudget === undefined ? {} : { memoryBudgetMib: options.memoryBudget }),
    ...(options.timeout === undefined ? {} : { timeoutSeconds: options.timeout }),
    ...(options.memoryLimit === undefined ? {} : { memoryLimitMib: options.memoryLimit }),
  };
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

interface Outcome {
  manifest: Manifest;
  uploaded: number;
  created: boolean;
  notes: readonly string[];
  steps: Publication['pipelineSteps'];
  change: RouteChange | null;
  judgement: Judgement | null;
  /** Further sentences about options that were given. */
  remarks: readonly string[];
  /** The callers of the served version who would be hurt; null if there are none. */
  conflict: ContractConflict | null;
}

function describePublication({ connection }: Context, outcome: Outcome): Report {
  const { manifest, uploaded, created, notes, steps, change, judgement, remarks, conflict } = outcome;
  const { model, version } = manifest;
  const { url } = connection.settings;
  const curl = change === null ? null : curlLine(manifest, url, change.route.epoch);
  const tryIt =
    curl === null
      ? [`no sample input is known; 'npx popserve show ${model} ${version}' lists the inputs`]
      : ['try it:', `  ${curl}`];
  return {
    lines: [
      `${model} ${version} ${created ? 'published' : 'was already published'}`,
      ...describeSteps(steps),
      ...notes.map((note) => `note: ${note}`),
      ...(judgement === null ? [] : describeEvaluation(judgement.evaluation, judgement.failures)),
      ...remarks,
      ...(change === null ? adviseActivation(manifest, conflict) : [...describeRoute(change.route), ...tryIt]),
    ],
    value: {
      model,
      version,
      created,
      uploadedBlobs: uploaded,
      notes,
      manifest,
      ...(conflict === null ? {} : { contract: conflict }),
      ...(change === null ? {} : { route: change.route, copyPending: change.copyPending, curl }),
    },
  };
}

function describeDryRun(
  manifest: Manifest,
  { notes, pipelineSteps }: Publication,
  judgement: Judgement | null,
): Report {
  return {
    lines: [
      `${manifest.model} ${manifest.version} would be published; nothing was uploaded`,
      ...describeSteps(pipelineSteps),
      ...notes.map((note) => `note: ${note}`),
      ...(judgement === null ? [] : describeEvaluation(judgement.evaluation, judgement.failures)),
    ],
    value: { model: manifest.model, version: manifest.version, dryRun: true, notes, manifest },
  };
}

/** What was understood of a folder or the options is for its publisher to see. */
function describeSteps(steps: Publication['pipelineSteps']): string[] {
  return steps === undefined ? [] : table([['STEP', 'FROM'], ...steps]);
}

function adviseActivation({ model, version }: Manifest, conflict: ContractConflict | null): string[] {
  const command = `npx popserve activate ${model} ${version}`;
  if (conflict === null) return [`to serve it: ${command}`];
  return [
    `serving it would break callers of ${conflict.served}:`,
    ...breakTable(conflict.breaks, conflict),
    `to serve it all the same: ${command} --breaking --reason WHY`,
  ];
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
  if (file !== undefined) await writeFile(file, renderReport(manifest, judgement));
}

function describeRefusal({ model, version }: Manifest, { evaluation, failures }: Judgement): Report {
  const error = `${model} ${version} is not released: ${failures.join('; ')}`;
  return {
    lines: [...describeEvaluation(evaluation, failures), error, 'to release it nevertheless: --force --reason TEXT'],
    value: { error, code: 'UNPROCESSABLE', failures, evaluation },
    failed: true,
  };
}

/** Without test data there is no evaluation that could keep what was passed over, so there is no --force either. */
function describeOverBudget({ model, version, runtime }: Manifest, failures: readonly string[]): Report {
  const error = `${model} ${version} is not released: ${failures.join('; ')}`;
  return {
    lines: [error],
    value: { error, code: 'UNPROCESSABLE', failures, profiles: runtime.profiles },
    failed: true,
  };
}

async function digestOfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(file), hash);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    const fault = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : String(error);
    throw new PopserveError('INVALID_ARGUMENT', `cannot read ${file}: ${fault}`);
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
