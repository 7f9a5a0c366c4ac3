// What `popserve publish` says at its end: published, refused, or what would be published.
import type { ContractConflict } from '../../registry/api/contract.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { Judgement } from '../validation/options.ts';
import type { Publication } from '../validation/publication.ts';
import { breakTable } from './breaking-change.ts';
import type { Context } from './context.ts';
import { describeEngine } from './describe-engine.ts';
import { describeEvaluation } from './describe-evaluation.ts';
import { describeRoute } from './describe-route.ts';
import type { RouteChange } from './registry-client.ts';
import { type Line, type Report, sentence, table } from './report.ts';
import { tryIt } from './try-it.ts';

export interface Outcome {
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

export function describePublication({ connection }: Context, outcome: Outcome): Report {
  const { manifest, uploaded, created, notes, steps, change, judgement, remarks, conflict } = outcome;
  const { model, version } = manifest;
  const { url } = connection.settings;
  const tried = change === null ? null : tryIt(manifest, url, change.route.epoch);
  const advice =
    tried === null
      ? [`no sample input is known; 'npx popserve show ${model} ${version}' lists the inputs`]
      : ['try it:', ...tried.commands.map((line) => `  ${line}`)];
  return {
    lines: [
      `${model} ${version} ${created ? 'published' : 'was already published'}`,
      ...describeSteps(steps),
      ...engineLine(manifest),
      ...notes.map((note) => sentence(`note: ${note}`, 6)),
      ...(judgement === null ? [] : describeEvaluation(judgement.evaluation, judgement.failures)),
      ...remarks.map((remark) => sentence(remark)),
      ...(change === null ? adviseActivation(manifest, conflict) : [...describeRoute(change.route), ...advice]),
    ],
    value: {
      model,
      version,
      created,
      uploadedBlobs: uploaded,
      notes,
      manifest,
      ...(conflict === null ? {} : { contract: conflict }),
      ...(change === null ? {} : { route: change.route, copyPending: change.copyPending, curl: tried?.curl ?? null }),
    },
  };
}

export function describeDryRun(
  manifest: Manifest,
  { notes, pipelineSteps }: Publication,
  judgement: Judgement | null,
): Report {
  return {
    lines: [
      `${manifest.model} ${manifest.version} would be published; nothing was uploaded`,
      ...describeSteps(pipelineSteps),
      ...engineLine(manifest),
      ...notes.map((note) => sentence(`note: ${note}`, 6)),
      ...(judgement === null ? [] : describeEvaluation(judgement.evaluation, judgement.failures)),
    ],
    value: { model: manifest.model, version: manifest.version, dryRun: true, notes, manifest },
  };
}

function engineLine(manifest: Manifest): Line[] {
  const engine = describeEngine(manifest);
  return engine === null ? [] : [sentence(`engine: ${engine}`, 8)];
}

/** What was understood of a folder or the options is for its publisher to see. */
function describeSteps(steps: Publication['pipelineSteps']): Line[] {
  return steps === undefined ? [] : table([['STEP', 'FROM'], ...steps]);
}

function adviseActivation({ model, version }: Manifest, conflict: ContractConflict | null): Line[] {
  const command = `npx popserve activate ${model} ${version}`;
  if (conflict === null) return [`to serve it: ${command}`];
  return [
    `serving it would break callers of ${conflict.served}:`,
    ...breakTable(conflict.breaks, conflict),
    `to serve it all the same: ${command} --breaking --reason WHY`,
  ];
}

export function describeRefusal({ model, version }: Manifest, { evaluation, failures }: Judgement): Report {
  const error = `${model} ${version} is not released: ${failures.join('; ')}`;
  return {
    lines: [
      ...describeEvaluation(evaluation, failures),
      sentence(error),
      'to release it nevertheless: --force --reason TEXT',
    ],
    value: { error, code: 'UNPROCESSABLE', failures, evaluation },
    failed: true,
  };
}

/** Without test data there is no evaluation that could keep what was passed over, so there is no --force either. */
export function describeOverBudget({ model, version, runtime }: Manifest, failures: readonly string[]): Report {
  const error = `${model} ${version} is not released: ${failures.join('; ')}`;
  return {
    lines: [sentence(error)],
    value: { error, code: 'UNPROCESSABLE', failures, profiles: runtime.profiles },
    failed: true,
  };
}
