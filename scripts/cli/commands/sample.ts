// `popserve sample`: the inputs that the PoPs have sampled, to train again or to look at, and their deletion.
import type { Command } from 'commander';
import { PopserveError } from '../../../registry/errors.ts';
import { replaceFile } from '../../transfer/file-bytes.ts';
import { parseModel, parseVersion } from '../arguments.ts';
import type { Context, Execute } from '../context.ts';
import { parsePop } from '../pop-options.ts';
import type { Report } from '../report.ts';
import { sampleTable } from '../sample-table.ts';
import { UsageError } from '../usage-error.ts';

interface SampleOptions {
  version?: string;
  pop?: string;
  output?: string;
  delete?: boolean;
  json?: boolean;
}

export function addSample(program: Command, execute: Execute): void {
  program
    .command('sample')
    .description('the sampled inputs of a model with their answers, where INPUT_SAMPLE asks for them')
    .argument('<model>', 'name of the model', parseModel)
    .option('--version <version>', 'only this version', parseVersion)
    .option('--pop <name>', 'only this PoP, by its name as status shows it', parsePop)
    .option('--output <file>', 'into a file that publish reads as reference data: .jsonl, .ndjson or .csv')
    .option('--delete', 'delete them everywhere instead')
    .option('--json', 'machine-readable output')
    .action((model: string, options: SampleOptions) =>
      execute(options, (context) => (options.delete ? remove(context, model, options) : read(context, model, options))),
    );
}

async function read({ registry }: Context, model: string, options: SampleOptions): Promise<Report> {
  const { output, version, pop } = options;
  if (output !== undefined && !/\.(jsonl|ndjson|csv)$/i.test(output)) {
    throw new UsageError(`--output: expected a .jsonl, .ndjson or .csv file, got ${output}`);
  }
  const filter = { ...(version === undefined ? {} : { version }), ...(pop === undefined ? {} : { pop }) };
  const { lines, seen, skipped } = await registry.sample(model, filter);
  if (lines.length === 0) {
    const left = skipped === 0 ? '' : `; ${skipped} rows were drawn and too large`;
    throw new PopserveError(
      'NOT_FOUND',
      `no sampled input of '${model}' is kept${left}; the setting INPUT_SAMPLE says whether there are any`,
    );
  }
  if (output === undefined) return { lines, value: null, json: () => `[\n${lines.join(',\n')}\n]` };
  const text = /\.csv$/i.test(output) ? sampleTable(lines) : `${lines.join('\n')}\n`;
  await replaceFile(output, text);
  const left = skipped === 0 ? '' : `; ${skipped} were drawn and too large`;
  return {
    lines: [`${lines.length} of ${seen} rows in ${output}${left}`],
    value: { model, file: output, rows: lines.length, seen, skipped },
  };
}

async function remove({ registry }: Context, model: string, options: SampleOptions): Promise<Report> {
  if (options.version !== undefined || options.pop !== undefined || options.output !== undefined) {
    throw new UsageError('--delete takes all sampled inputs of a model: no --version, --pop or --output');
  }
  const deleted = await registry.deleteSample(model);
  return {
    lines: [
      `${model}: ${deleted.rows} sampled rows deleted; what is asked in the rest of the time window is not kept either`,
    ],
    value: deleted,
  };
}
