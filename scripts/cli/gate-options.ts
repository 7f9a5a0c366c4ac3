// The options of `popserve publish` that make up the release gate, and what the pipeline gets of them.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { tasks } from '../../registry/evaluation.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { Digest } from '../../registry/names.ts';
import type { ValidationOptions } from '../validation/options.ts';
import {
  parseRegressionLimit,
  parseRequirement,
  type RegressionLimit,
  type Requirement,
} from '../validation/requirement.ts';
import type { DataOptions } from '../validation/test-data.ts';
import { parsePositive } from './arguments.ts';
import type { RegistryClient } from './registry-client.ts';
import { UsageError } from './usage-error.ts';

export interface GateArguments {
  testData?: string;
  reference?: string;
  label?: string;
  column?: Record<string, string>;
  features?: string[];
  task?: (typeof tasks)[number];
  output?: string;
  positive?: string;
  require?: Requirement[];
  maxRegression?: RegressionLimit[];
  maxHeapMib?: number;
  maxRunMs?: number;
  force?: boolean;
  reason?: string;
  report?: string;
}

export function addGateOptions(command: Command): Command {
  return command
    .option('--test-data <path>', 'rows with the truth, to judge the model by: CSV or JSON lines')
    .option('--reference <path>', 'rows to take the baseline for drift from; default: the test data')
    .option('--label <column>', 'column with the truth; default: label, target, class or y')
    .option(
      '--column <input=column>',
      'column of an input that has another name; may be given several times',
      collectColumns,
    )
    .addOption(new Option('--task <task>', 'default: by the outputs and the truth').choices([...tasks]))
    .option('--output <name>', 'output with the scores or the value to judge')
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
  const { testData, reference, require = [], maxRegression = [], maxHeapMib, maxRunMs } = options;
  if (options.force && options.reason === undefined) {
    throw new UsageError('--force needs a --reason: it is kept with the version and in the history of the model');
  }
  const needsTest = [
    ...(require.length > 0 ? ['--require'] : []),
    ...(maxRegression.length > 0 ? ['--max-regression'] : []),
    ...(maxHeapMib !== undefined ? ['--max-heap-mib'] : []),
    ...(maxRunMs !== undefined ? ['--max-run-ms'] : []),
    ...(options.force ? ['--force'] : []),
    ...(options.report !== undefined ? ['--report'] : []),
  ];
  if (testData === undefined && needsTest.length > 0) throw new UsageError(`${needsTest[0]} needs --test-data`);
  if (testData === undefined && reference === undefined) return null;
  return {
    ...(testData === undefined ? {} : { testData: dataOptions(testData, options) }),
    ...(reference === undefined ? {} : { reference: dataOptions(reference, options) }),
    ...(options.task === undefined ? {} : { task: options.task }),
    ...(options.output === undefined ? {} : { output: options.output }),
    ...(options.positive === undefined ? {} : { positive: options.positive }),
    requirements: require,
    regressionLimits: maxRegression,
    budgets: {
      ...(maxHeapMib === undefined ? {} : { maxHeapMib }),
      ...(maxRunMs === undefined ? {} : { maxRunMs }),
    },
    ...(options.force && options.reason !== undefined ? { forceReason: options.reason } : {}),
    ...(stable === undefined ? {} : { stable }),
    needsCurves: options.report !== undefined,
  };
}

/** The version that is served, to compare with. */
export function stableVersion(registry: RegistryClient, manifest: Manifest): NonNullable<ValidationOptions['stable']> {
  return { manifest, readModel: () => registry.getBlob(manifest.artifacts.model.digest as Digest) };
}

function dataOptions(path: string, { label, column, features }: GateArguments): DataOptions {
  return {
    path,
    ...(label === undefined ? {} : { label }),
    ...(column === undefined ? {} : { columns: column }),
    ...(features === undefined ? {} : { features }),
  };
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

function collectColumns(text: string, collected: Readonly<Record<string, string>> = {}): Record<string, string> {
  const equals = text.indexOf('=');
  if (equals < 1 || equals === text.length - 1) throw new InvalidArgumentError('expected input=column.');
  return { ...collected, [text.slice(0, equals)]: text.slice(equals + 1) };
}
