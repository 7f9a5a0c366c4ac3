// npm run engines: converts convolution nets for a second engine, LiteRT.js, checks their answers and measures both engines in one
// isolate of workerd; writes docs/evidence/second-engine.md.
import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../../build/project.ts';
import { convertModel } from '../../convert-litert/convert.ts';
import { readModel } from '../../onnx/model-file.ts';
import { describeMachine } from '../bench/machine.ts';
import { number, spread } from '../bench/report.ts';
import { hasZoo } from '../bench/zoo.ts';
import { bundleEngines, moduleSizes } from './bundles.ts';
import { compareAnswers } from './compare-answers.ts';
import { type Effort, judgeNet, type Verdict } from './judge-net.ts';
import { nets } from './nets.ts';
import { runOperatorSuite, suiteLines } from './operator-suite.ts';
import { answerLines, enginesPage, judge, keptPart } from './page.ts';
import { measureStartUp, servingWorkers } from './start-up.ts';

const usage = `npm run engines [-- --only NET … --quick --inputs N]
  --only NET     judge this net only; may be given more than once
  --quick        few rounds, to see that it works
  --inputs N     random inputs of each net (default 20)
  --processes N  processes of each net (default 3)
  --answers      compare answers only, and print the table
  --operators    run the ONNX operator suite through the conversion only, and print the table
  --out FILE     write the page there (default docs/evidence/second-engine.md; with --only or --quick only if asked for)`;

const compatibilityDate = '2026-07-30';
const thorough: Effort & { inputs: number; starts: number } = {
  processes: 3,
  rounds: 5,
  blockMs: 150,
  warmUpMs: 800,
  inputs: 20,
  starts: 9,
};
const brief: typeof thorough = { processes: 1, rounds: 3, blockMs: 100, warmUpMs: 300, inputs: 2, starts: 3 };

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false },
    inputs: { type: 'string' },
    processes: { type: 'string' },
    answers: { type: 'boolean', default: false },
    operators: { type: 'boolean', default: false },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help || !hasZoo) {
  process.stdout.write(values.help ? `${usage}\n` : 'Not measured: there is no model zoo here (POPSERVE_MODEL_ZOO).\n');
  process.exit(values.help ? 0 : 2);
}
const usual = values.quick ? brief : thorough;
const effort = {
  ...usual,
  inputs: countOf('inputs', values.inputs, usual.inputs),
  processes: countOf('processes', values.processes, usual.processes),
};
const whole = values.only.length === 0 && !values.quick;
const out = values.out ?? (whole ? join(projectRoot, 'docs', 'evidence', 'second-engine.md') : null);
const note = (message: string) => process.stderr.write(`  ${message}\n`);
const machine = await describeMachine();
const verdicts: Verdict[] = [];
const refused: { net: string; reason: string }[] = [];
note('building the Workers');
await using bundles = await bundleEngines(compatibilityDate, 'all', 'both', 'stockOnly');
if (values.operators) {
  process.stdout.write(`${suiteLines(await runOperatorSuite(bundles.both)).join('\n')}\n`);
  process.exit();
}
for await (const net of nets(effort.inputs)) {
  if (values.only.length > 0 && !values.only.includes(net.name)) continue;
  if (values.answers) {
    const { bytes } = await convertModel(readModel(net.onnx), net.shapes);
    const answers = await compareAnswers(bundles.both, { stock: net.onnx, litert: bytes }, net);
    process.stdout.write(`${answerLines([{ net: net.name, answers }]).at(-1)}\n`);
    continue;
  }
  const verdict = await judgeNet(net, bundles.all, effort);
  if ('refusal' in verdict) {
    refused.push({ net: net.name, reason: verdict.refusal });
    note(`${net.name}: ${verdict.refusal}`);
    continue;
  }
  verdicts.push(verdict);
  const { answers, timesFaster, eachProcess, costs } = verdict;
  const cpu = `${spread(costs.stock.runCpuMs)} and ${spread(costs.litert.runCpuMs)} ms`;
  note(
    `${net.name}: ${spread(timesFaster)} times faster (${cpu}; ${eachProcess.map(number)}), ${number(answers.largest)} apart`,
  );
}
if (values.answers) process.exit();
note('starting Workers with and without the module');
const serving = await servingWorkers(bundles.both);
const starts = await measureStartUp(
  { with: { worker: bundles.both }, without: { worker: bundles.stockOnly }, ...serving },
  effort.starts,
);
const installed = join(projectRoot, 'node_modules', '@litertjs', 'core', 'package.json');
const { version } = JSON.parse(await readFile(installed, 'utf8')) as { version: string };
const results = {
  machine,
  litertVersion: version,
  verdicts,
  refused,
  modules: await moduleSizes(bundles.both),
  startUp: starts,
  quick: values.quick,
};
const page = enginesPage(results, out === null ? '' : keptPart(await readFile(out, 'utf8').catch(() => '')));
if (out === null) process.stdout.write(page);
else {
  await writeFile(out, page);
  process.stdout.write(`written: ${relative(projectRoot, out)}\n`);
}
const { right, median, passed } = judge(results);
process.stdout.write(
  `${right} nets right, median ${number(median)} times faster: the gate is ${passed ? '' : 'not '}passed\n`,
);

function countOf(option: string, text: string | undefined, otherwise: number): number {
  const count = text === undefined ? otherwise : Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  process.stderr.write(`engines: --${option}: expected a whole number above 0, got '${text}'\n`);
  process.exit(2);
}
