// The options of `popserve publish`, in the groups that its help shows, and what the pipeline gets of them.
import { type Command, Option } from 'commander';
import { tasks } from '../../registry/evaluation.ts';
import type { GivenShape, LabelsFile, MaxDim } from '../publish/options.ts';
import { pipelineTasks } from '../publish/pipeline/options.ts';
import type { EngineOption } from '../publish/settings.ts';
import type { PublishOptions } from '../validation/publication.ts';
import {
  collectFeatures,
  collectLabels,
  collectMaxDims,
  collectMetadata,
  collectShapes,
  parseMilliseconds,
  parseModel,
  parsePositive,
  parseReason,
  parseTolerance,
  parseVersion,
} from './arguments.ts';
import { addBoxOptions } from './box-arguments.ts';
import { addGateOptions, type GateArguments } from './gate-options.ts';
import { addImageOptions } from './image-options.ts';
import { addLineOptions } from './line-options.ts';
import type { PipelineArguments } from './pipeline-options.ts';
import { addTestDataOptions } from './test-data-options.ts';
import { addTextOptions } from './text-options.ts';

export interface PublishArguments extends GateArguments, PipelineArguments {
  name: string;
  version?: string;
  activate?: boolean;
  breaking?: boolean;
  inputs?: string;
  toleranceAbs: number;
  toleranceRel: number;
  labels?: LabelsFile[];
  maxDim?: MaxDim[];
  shape?: GivenShape[];
  probeLimit?: number;
  description?: string;
  metadata?: Record<string, string>;
  format?: 'auto' | 'onnx' | 'ort';
  engine?: EngineOption;
  allowRandom?: boolean;
  memoryBudget?: number;
  timeout?: number;
  memoryLimit?: number;
  dryRun?: boolean;
  json?: boolean;
}

/** Each group of options under its heading, in the order in which somebody who releases a model comes to them. */
const groups: readonly (readonly [heading: string, add: (command: Command) => Command])[] = [
  ['The release:', addReleaseOptions],
  ['The model:', addModelOptions],
  ['Test data:', addTestDataOptions],
  ['The gate:', addGateOptions],
  ['Pictures:', addImageOptions],
  ['Boxes of a detector:', addBoxOptions],
  ['Lines of writing:', addLineOptions],
  ['Texts and vectors:', addTextOptions],
  ['The check on this machine:', addCheckOptions],
  ['Other:', addOtherOptions],
];

export function addPublishOptions(command: Command): Command {
  return groups.reduce((grouped, [heading, add]) => add(grouped.optionsGroup(heading)), command);
}

function addReleaseOptions(command: Command): Command {
  return command
    .requiredOption('--name <model>', 'the model that this is a version of', parseModel)
    .option('--version <version>', 'default: the next after the highest, 1 for the first', parseVersion)
    .option('--activate', 'serve it at once')
    .option('--breaking', 'with --activate: even if callers of the version that is served break; needs --reason')
    .option('--reason <text>', 'for the history of the model, with --activate or --force', parseReason)
    .option('--description <text>', 'kept with the version')
    .option('--metadata <key=value>', 'kept with the version; may be given several times', collectMetadata)
    .option('--dry-run', 'show what would be published, and publish nothing');
}

function addModelOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--task <task>',
        'of the gate, or of a pipeline, which takes pictures or texts (default: by the graph and the truth, if they leave no choice; by config.json)',
      ).choices([...tasks, ...pipelineTasks]),
    )
    .option(
      '--features <[input=]a,b,c>',
      'names of the columns of a vector, for records and test data; INPUT= says of which, if there are several',
      collectFeatures,
    )
    .option(
      '--labels <[output=]file>',
      'class labels of an output, one per line; may be given several times',
      collectLabels,
    )
    .addOption(
      new Option(
        '--scores <how>',
        "from a model's values to scores, of pictures or texts (default: by config.json or the graph)",
      ).choices(['softmax', 'sigmoid', 'none']),
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
    .option('--allow-random', 'publish a model that draws random numbers: it is not verified, compared or cached')
    .addOption(new Option('--format <format>', 'what to serve from').choices(['auto', 'onnx', 'ort']))
    .addOption(
      new Option(
        '--engine <engine>',
        'what runs it: LiteRT where that is measured to be faster (auto), onnxruntime alone, or LiteRT in any case',
      ).choices(['auto', 'onnxruntime', 'litert'] satisfies EngineOption[]),
    )
    .option('--variant <name>', "of a folder's models: quantized for model_quantized.onnx");
}

function addCheckOptions(command: Command): Command {
  return command
    .option('--inputs <file>', 'sample inputs: an inference request, or a list of them, as JSON')
    .option('--tolerance-abs <number>', 'allowed absolute difference from native onnxruntime', parseTolerance, 1e-3)
    .option('--tolerance-rel <number>', 'allowed relative difference from native onnxruntime', parseTolerance, 1e-3)
    .option(
      '--probe-limit <ms>',
      'inputs on which a run takes longer are too large; 0 measures nothing (default: 2000)',
      parseMilliseconds,
    )
    .option('--memory-budget <MiB>', 'what a PoP has for a model, as MEMORY_BUDGET_MIB says there', parsePositive)
    .option('--timeout <seconds>', 'for each step of the check', parsePositive)
    .option('--memory-limit <MiB>', 'for the process that converts', parsePositive);
}

function addOtherOptions(command: Command): Command {
  return command.option('--json', 'machine-readable output').helpOption('-h, --help', 'display help for command');
}

export function publishOptions(file: string, version: string, options: PublishArguments): PublishOptions {
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
    ...(options.engine === undefined ? {} : { engine: options.engine }),
    ...(options.allowRandom ? { allowRandom: true } : {}),
    ...(options.memoryBudget === undefined ? {} : { memoryBudgetMib: options.memoryBudget }),
    ...(options.timeout === undefined ? {} : { timeoutSeconds: options.timeout }),
    ...(options.memoryLimit === undefined ? {} : { memoryLimitMib: options.memoryLimit }),
  };
}
