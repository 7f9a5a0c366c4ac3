// `npm run conformance`: runs the ONNX operator suite through the session layer inside workerd and tells what passes.
// Exit status: 0 done, 1 a case that stock onnxruntime-web passes does not pass here, or the suite could not run, 2 wrong usage.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { PopserveError } from '../../../registry/errors.ts';
import { projectRoot } from '../../build/project.ts';
import { insertGenerated, jsonReport, markdownReport, type Setting, textReport } from './report.ts';
import { runSuite } from './run-suite.ts';
import { openSuite } from './suite.ts';
import { summarize } from './summary.ts';

interface Options {
  readonly filter?: string;
  readonly json: string;
  readonly markdown?: string;
  readonly jobs: number;
  readonly profile: 'fast' | 'lean';
}

const program = new Command('conformance')
  .description('Runs the ONNX operator suite through the session layer inside workerd.')
  .option('--filter <text>', 'only cases whose name holds this, as in node/test_conv')
  .option('--json <file>', 'where the machine-readable result goes', join(projectRoot, 'dist', 'conformance.json'))
  .option('--markdown <file>', 'replaces the generated part of this page as well; not with --filter')
  .option('--jobs <number>', 'workerd processes', parseJobs, Math.min(availableParallelism(), 8))
  .addOption(new Option('--profile <profile>', 'how sessions are made').choices(['fast', 'lean']).default('fast'))
  .addHelpText(
    'after',
    '\nEnvironment:\n  POPSERVE_CONFORMANCE  folder with the suite (default: ../shared/conformance)',
  )
  // A wrong option is a wrong usage, not a failure.
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(conformance);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`conformance: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function conformance(options: Options): Promise<void> {
  const { filter = '', json, markdown, jobs, profile } = options;
  if (markdown !== undefined && filter !== '') program.error('--markdown tells of all cases: leave --filter out');
  const started = performance.now();
  await using suite = await openSuite();
  const cases = suite.cases.filter(({ name }) => name.includes(filter));
  if (cases.length === 0)
    throw new PopserveError('NOT_FOUND', `expected a case with '${filter}' in its name, got none`);
  const results = await runSuite(cases, {
    jobs,
    profile,
    onResult: (done) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${cases.length} cases\x1b[K`);
    },
  });
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const summary = summarize(results);
  const setting = await readSetting(profile);
  await mkdir(dirname(json), { recursive: true });
  await writeFile(json, jsonReport(summary, results, setting));
  if (markdown !== undefined) {
    const page = await readFile(markdown, 'utf8');
    await writeFile(markdown, insertGenerated(page, markdownReport(summary, results, setting)));
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  process.stdout.write(`${textReport(summary)}\nThe result in full: ${json} (${seconds} s)\n`);
  if (summary.lost.length > 0) process.exitCode = 1;
}

function parseJobs(text: string): number {
  const jobs = Number(text);
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > 64)
    throw new InvalidArgumentError('Expected a number from 1 to 64.');
  return jobs;
}

async function readSetting(profile: string): Promise<Setting> {
  const [onnxruntime = '', workerd = ''] = await Promise.all(
    ['onnxruntime-web', 'workerd'].map(async (name) => {
      const text = await readFile(join(projectRoot, 'node_modules', name, 'package.json'), 'utf8');
      return (JSON.parse(text) as { version: string }).version;
    }),
  );
  return { onnxruntime, workerd, profile };
}
