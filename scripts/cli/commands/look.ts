// The commands that look at models and versions: list, show.
import type { Command } from 'commander';
import type { Baseline } from '../../../registry/baseline.ts';
import { batchOf, recordsTaken } from '../../../registry/batch.ts';
import { columnNames } from '../../../registry/features.ts';
import type { InputLimit } from '../../../registry/input-size-limits.ts';
import { type Manifest, type ProfileName, profileNames } from '../../../registry/manifest.ts';
import type { Randomness } from '../../../registry/randomness.ts';
import type { Signature, TensorSpec } from '../../../registry/signature.ts';
import { parseModel, parseVersion } from '../arguments.ts';
import type { Context, Execute } from '../context.ts';
import { describeCosts } from '../describe-costs.ts';
import { describeEngine } from '../describe-engine.ts';
import { describeEvaluation } from '../describe-evaluation.ts';
import { describeRoute, describeShare } from '../describe-route.ts';
import { describeEndedCanary, endedCanary, findEndedCanary } from '../ended-canary.ts';
import { type Line, type Report, shortDigest, sizeText, table } from '../report.ts';

type Profile = NonNullable<Manifest['runtime']['profiles'][ProfileName]>;

interface LookOptions {
  json?: boolean;
}

export function addLookCommands(program: Command, execute: Execute): void {
  program
    .command('list')
    .description('all models and what is served of each')
    .option('--json', 'machine-readable output')
    .action((options: LookOptions) => execute(options, list));

  program
    .command('show')
    .description('the versions of a model, or all about one version')
    .argument('<model>', 'name of the model', parseModel)
    .argument('[version]', 'a published version', parseVersion)
    .option('--json', 'machine-readable output')
    .action((model: string, version: string | undefined, options: LookOptions) =>
      execute(options, (context) =>
        version === undefined ? showModel(context, model) : showVersion(context, model, version),
      ),
    );
}

async function list({ registry, connection }: Context): Promise<Report> {
  const models = await registry.listModels();
  // One list of many models reads no histories: the newest route alone tells.
  const ended = models.flatMap(({ name, route }) => {
    const canary = route === null ? null : endedCanary([route]);
    return canary === null ? [] : [{ name, canary }];
  });
  const rows = models.map(({ name, versions, route }) => [
    name,
    route?.aliases.stable ?? '(none)',
    ended.some((each) => each.name === name) ? 'ended by its guard' : describeShare(route?.rollout),
    describeShare(route?.shadow),
    String(versions),
    route === null ? '' : String(route.epoch),
  ]);
  const told = ended.map(({ name, canary }) => `${name}: ${describeEndedCanary(canary)}`);
  const empty = `no models at ${connection.settings.url} yet; release one with 'npx popserve publish'`;
  return {
    lines:
      rows.length === 0
        ? [empty]
        : [...table([['MODEL', 'SERVING', 'CANARY', 'SHADOW', 'VERSIONS', 'EPOCH'], ...rows]), ...told],
    value: { models },
  };
}

async function showModel({ registry }: Context, model: string): Promise<Report> {
  const details = await registry.showModel(model);
  const ended = await findEndedCanary(registry, details.route);
  const rows = details.versions.map(({ version, digest, storedAt, routedAs }) => [
    version,
    storedAt.slice(0, 19).replace('T', ' '),
    shortDigest(digest),
    routedAs.join(', '),
  ]);
  return {
    lines: [
      ...(details.route === null ? [`${model}: no version is active`] : describeRoute(details.route)),
      ...(ended === null ? [] : [describeEndedCanary(ended)]),
      ...table([['VERSION', 'PUBLISHED (UTC)', 'MANIFEST', 'SERVED AS'], ...rows]),
    ],
    value: ended === null ? details : { ...details, endedCanary: ended },
  };
}

async function showVersion({ registry }: Context, model: string, version: string): Promise<Report> {
  const manifest = await registry.getManifest(model, version);
  return { lines: describeManifest(manifest), value: manifest };
}

function describeManifest(manifest: Manifest): Line[] {
  const { artifacts, signature, runtime, source, tolerance, labels, limits, metadata, notes } = manifest;
  const { baseline, costs, evaluation, features, random } = manifest;
  const measured = profileNames.flatMap((name) => {
    const profile = runtime.profiles[name];
    if (profile === undefined) return [];
    return [[`profile ${name}`, describeProfile(profile)]];
  });
  const engine = describeEngine(manifest);
  const rows = [
    ['served from', `${artifacts.model.format} of ${sizeText(artifacts.model.bytes)}, ${artifacts.model.digest}`],
    ...(artifacts.tflite === undefined
      ? []
      : [['in LiteRT from', `tflite of ${sizeText(artifacts.tflite.bytes)}, ${artifacts.tflite.digest}`]]),
    ['published from', `${source.file} of ${sizeText(source.bytes)}, ${source.digest}`],
    ...signature.inputs.map((spec) => [
      'input',
      describeInput(
        spec,
        limits?.find(({ name }) => name === spec.name),
      ),
    ]),
    ...(signature.optionalInputs ?? []).map((spec) => ['input', `${describeTensor(spec)}, optional: it has a default`]),
    ...signature.outputs.map((spec) => ['output', describeTensor(spec)]),
    ...Array.from(columnNames(signature, features), ([input, names]) => [`columns of ${input}`, describeLabels(names)]),
    ['records', describeRecords(recordsTaken(signature), mostRecords(signature, limits ?? []))],
    ...(engine === null ? [] : [['engine', engine]]),
    ...measured,
    ...(runtime.litert === undefined ? [] : [['profile LiteRT', describeProfile(runtime.litert.profile)]]),
    ...(random === undefined ? [] : [['random', describeRandom(random)]]),
    ['tolerance', `${tolerance.absolute} absolute, ${tolerance.relative} relative`],
    ...Object.entries(labels ?? {}).map(([output, names]) => [`labels of ${output}`, describeLabels(names)]),
    ['baseline', baseline === undefined ? 'none: drift is not watched' : describeBaseline(baseline)],
    ...(evaluation === undefined ? [['evaluation', 'none']] : []),
    ...Object.entries(metadata ?? {}).map(([key, text]) => [key, text]),
    ...(notes ?? []).map((note) => ['note', note]),
  ];
  return [
    ...table([[`${manifest.model} ${manifest.version}`, ''], ...rows]),
    ...(costs === undefined ? [] : describeCosts(costs)),
    ...(evaluation === undefined ? [] : ['', ...describeEvaluation(evaluation, evaluation.gate.forced?.failures)]),
  ];
}

function describeProfile({ heapBytes, createMs, runMs }: Profile): string {
  return `${sizeText(heapBytes)} of heap, load ${milliseconds(createMs)}, run ${milliseconds(runMs)}`;
}

function describeBaseline({ reference, inputs, outputs }: Baseline): string {
  return `${inputs.length + outputs.length} features over ${reference.rows} rows of ${reference.file}`;
}

function describeTensor({ name, datatype, shape }: TensorSpec): string {
  return `${name} ${datatype} [${shape.join(',')}]`;
}

/** @param most where a request may have any number that fits, the largest */
function describeRecords(records: number, most: number): string {
  if (records === -1 && most === Infinity) return 'any number in a request';
  if (records === -1) return most === 1 ? 'one in a request' : `up to ${most} in a request`;
  if (records === 0) return 'none: ask with tensors';
  return records === 1 ? 'one in a request' : `exactly ${records} in a request`;
}

/** By the limits of the version; Infinity without any. Variable dimensions of a record count as 1. */
function mostRecords(signature: Signature, limits: readonly InputLimit[]): number {
  const { inputs } = batchOf(signature);
  return limits.reduce((most, { name, shape, elements }) => {
    const spec = signature.inputs.find((input) => input.name === name);
    if (spec === undefined || !inputs.has(name)) return most;
    const ofRecord = spec.shape.slice(1).reduce((count, size) => count * Math.max(1, size), 1);
    return Math.min(most, shape[0] ?? Infinity, Math.floor(elements / ofRecord));
  }, Infinity);
}

function describeInput(spec: TensorSpec, limit: InputLimit | undefined): string {
  if (limit === undefined) return describeTensor(spec);
  const largest = spec.shape.map((size, axis) => limit.shape[axis] ?? size);
  return `${describeTensor(spec)}, at most [${largest.join(',')}] and ${limit.elements} elements`;
}

function describeRandom({ operators }: Randomness): string {
  const cause = operators.length === 0 ? 'two runs on one input differ' : operators.join(', ');
  return `other answers at each run: ${cause}`;
}

function milliseconds(ms: number): string {
  return `${Number(ms.toPrecision(3))} ms`;
}

function describeLabels(names: readonly (string | number)[]): string {
  const shown = names.slice(0, 10).join(', ');
  return names.length > 10 ? `${shown}, … ${names.length} in all` : shown;
}
