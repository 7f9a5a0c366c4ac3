// The options of `popserve publish` that make up the release gate, and what the pipeline gets of them.
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { type Task, tasks } from '../../registry/evaluation.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { Digest } from '../../registry/names.ts';
import type { PipelineTask } from '../publish/pipeline/options.ts';
import type { ValidationOptions } from '../validation/options.ts';
import {
  type Budgets,
  checkMetrics,
  parseRegressionLimit,
  parseRequirement,
  type RegressionLimit,
  type Requirement,
} from '../validation/requirement.ts';
import { parsePositive } from './arguments.ts';
import { imageOptions } from './image-options.ts';
import type { RegistryClient } from './registry-client.ts';
import { dataOptions, readingOptions, type TestDataArguments } from './test-data-options.ts';
import { UsageError } from './usage-error.ts';

export interface GateArguments extends TestDataArguments {
  task?: Task | PipelineTask;
  output?: string[];
  positive?: string;
  require?: Requirement[];
  maxRegression?: RegressionLimit[];
  strict?: boolean;
  maxHeapMib?: number;
  maxRunMs?: number;
  force?: boolean;
  reason?: string;
  report?: string;
}

export function addGateOptions(command: Command): Command {
  return command
    .option(
      '--output <name>',
      'output to judge: the scores or the value; twice for a label and its scores (default: by the graph, if it leaves no choice)',
      (name: string, named: readonly string[] = []) => [...named, name],
    )
    .option('--positive <class>', 'of two classes the one that precision, recall and the curves are about')
    .option(
      '--require <metric>=x>',
      'refuse the release otherwise: roc_auc>=0.95; may be given several times',
      collect(parseRequirement),
    )
    .option(
      '--max-regression <amount>',
      'refuse a release that is worse than what is served by more: 0.01, or f1=0.01',
      collect(parseRegressionLimit),
    )
    .option('--strict', 'hold each --require against the worse end of the 95 % interval')
    .option('--max-heap-mib <MiB>', 'refuse a model that takes more memory', parsePositive)
    .option('--max-run-ms <ms>', 'refuse a model that takes longer for a run, on this machine', parsePositive)
    .option('--force', 'release it although it is not as required; needs --reason')
    .option('--report <file>', 'write a report with plots, one HTML file');
}

/**
 * @returns null if no test or reference data is given
 * @throws {UsageError} for options that need such data
 */
export function gateOptions(options: GateArguments, stable: ValidationOptions['stable']): ValidationOptions | null {
  const { testData, reference, require = [], maxRegression = [] } = options;
  if (options.force && options.reason === undefined) {
    throw new UsageError('--force needs a --reason: it is kept with the version and in the history of the model');
  }
  const needsTest = [
    ...(require.length > 0 ? ['--require'] : []),
    ...(maxRegression.length > 0 ? ['--max-regression'] : []),
    ...(options.force ? ['--force'] : []),
    ...(options.report !== undefined ? ['--report'] : []),
  ];
  if (testData === undefined && needsTest.length > 0) throw new UsageError(`${needsTest[0]} needs --test-data`);
  if (options.strict && require.length === 0) throw new UsageError('--strict goes with --require');
  const task = gateTask(options.task);
  if (task !== undefined) checkMetrics(task, require, maxRegression);
  if (testData === undefined && reference === undefined) {
    if (imageOptions(options) !== undefined && task === options.task)
      throw new UsageError('the options for images need --test-data, --reference or the --task of a pipeline');
    if (readingOptions(options) !== undefined)
      throw new UsageError('--encoding, --separator, --decimal and --missing need --test-data or --reference');
    return null;
  }
  return {
    ...(testData === undefined ? {} : { testData: dataOptions(testData, options) }),
    ...(reference === undefined ? {} : { reference: dataOptions(reference, options) }),
    ...(task === undefined ? {} : { task }),
    ...(options.output === undefined ? {} : { outputs: options.output }),
    ...(options.positive === undefined ? {} : { positive: options.positive }),
    requirements: require,
    regressionLimits: maxRegression,
    budgets: budgetsOf(options),
    ...(options.strict ? { isStrict: true } : {}),
    ...(options.force && options.reason !== undefined ? { forceReason: options.reason } : {}),
    ...(stable === undefined ? {} : { stable }),
    needsCurves: options.report !== undefined,
  };
}

/** Undefined for a task of a pipeline: what the gate judges is found in the outputs and the truth. */
function gateTask(task: GateArguments['task']): Task | undefined {
  return tasks.find((each) => each === task);
}

/** Budgets of memory and time: they need no test data. */
export function budgetsOf({ maxHeapMib, maxRunMs }: GateArguments): Budgets {
  return {
    ...(maxHeapMib === undefined ? {} : { maxHeapMib }),
    ...(maxRunMs === undefined ? {} : { maxRunMs }),
  };
}

/** @throws {UsageError} where a report cannot be written: told before the work, not after it */
export async function checkReportPath(file: string | undefined): Promise<void> {
  if (file === undefined) return;
  const folder = dirname(resolve(file));
  const isFolder = async (path: string) => (await stat(path).catch(() => null))?.isDirectory() === true;
  if (!(await isFolder(folder))) throw new UsageError(`--report ${file}: there is no folder ${folder}`);
  if (await isFolder(file)) throw new UsageError(`--report ${file}: expected a file, it is a folder`);
  const target = (await stat(file).catch(() => null)) === null ? folder : file;
  await access(target, constants.W_OK).catch(() => {
    throw new UsageError(`--report ${file}: ${target} cannot be written to`);
  });
}

/** The version that is served, to compare with. */
export function stableVersion(registry: RegistryClient, manifest: Manifest): NonNullable<ValidationOptions['stable']> {
  return { manifest, readModel: () => registry.getBlob(manifest.artifacts.model.digest as Digest) };
}

function collect<T>(parse: (text: string) => T): (text: string, collected?: readonly T[]) => T[] {
  return (text, collected = []) => {
    try {
      return [...collected, parse(text)];
    } catch (error) {
      throw new InvalidArgumentError(`${error instanceof Error ? error.message : String(error)}.`);
    }
  };
}
