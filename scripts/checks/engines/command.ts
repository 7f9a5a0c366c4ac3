// npm run engines: converts convolution nets for a second engine, LiteRT.js, checks their answers and measures both engines in one
// isolate of workerd; writes docs/evidence/second-engine.md.
import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../../build/project.ts';
import { describeMachine } from '../bench/machine.ts';
import { number, spread } from '../bench/report.ts';
import { hasZoo } from '../bench/zoo.ts';
import { suiteIsPresent } from '../conformance/suite.ts';
import { bundleEngines, moduleSizes } from './bundles.ts';
import { type AnswerCount, compareAnswers } from './compare-answers.ts';
import { type ConvertedNet, convertNet, type RefusedNet } from './convert-nets.ts';
import { type Effort, measureNet, type Verdict } from './judge-net.ts';
import { nets } from './nets.ts';
import { runOperatorSuite, suiteLines } from './operator-suite.ts';
import { enginesPage, judge, keptPart } from './page.ts';
import { measureStartUp, servingWorkers } from './start-up.ts';
import { answerLines } from './tables.ts';

const usage = `npm run engines [-- --only NET … --quick --inputs N]
  --only NET     judge this net only; may be given more than once
  --quick        few rounds, to see that it works
  --inputs N     compare answers over N random inputs of each net, however long that takes (default: 1000, or those of 25 s)
  --processes N  processes of each net (default 3)
  --answers      compare answers only, and print the table
  --operators    run the ONNX operator suite through the conversion only, and print the table
  --out FILE     write the page there (default docs/evidence/second-engine.md; with --only or --quick only if asked for)`;

const compatibilityDate = '2026-07-30';
const thorough: Effort & { answersMs: number; starts: number } = {
  processes: 3,
  rounds: 5,
  blockMs: 120,
  warmUpMs: 500,
  answersMs: 25_000,
  starts: 7,
};
const brief: typeof thorough = { processes: 1, rounds: 3, blockMs: 100, warmUpMs: 300, answersMs: 2000, starts: 3 };

const begun = performance.now();
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
const effort = { ...usual, processes: countOf('processes', values.processes, usual.processes) };
const inputs = countOf('inputs', values.inputs, 1000);
const answersMs = values.inputs === undefined ? effort.answersMs : Number.POSITIVE_INFINITY;
const whole = values.only.length === 0 && !values.quick;
const out = values.out ?? (whole ? join(projectRoot, 'docs', 'evidence', 'second-engine.md') : null);
const note = (message: string) => process.stderr.write(`  ${message}\n`);
const machine = await describeMachine();
note('building the Workers');
await using bundles = await bundleEngines(compatibilityDate, 'all', 'both', 'stockOnly');
if (values.operators) {
  process.stdout.write(`${suiteLines(await runOperatorSuite(bundles.both)).join('\n')}\n`);
  process.exit();
}

const converted: ConvertedNet[] = [];
const refused: RefusedNet[] = [];
for await (const net of nets(inputs)) {
  if (values.only.length > 0 && !values.only.includes(net.name)) continue;
  const result = await convertNet(net);
  if ('models' in result) converted.push(result);
  else {
    refused.push(result);
    note(`${result.net}: ${result.reason}`);
  }
}

// Nothing is timed yet, so the suite and two nets go on at once.
note('comparing answers');
const suiteRun = values.answers || !whole || !suiteIsPresent() ? null : runOperatorSuite(bundles.both);
const answers = new Map<string, AnswerCount>();
const waiting = converted.values();
const comparing = async () => {
  for (const each of waiting) {
    const count = await compareAnswers(bundles.both, each, answersMs);
    answers.set(each.net.name, count);
    note(`${each.net.name}: ${count.within} of ${count.inputs} within tolerance, ${number(count.largest)} apart`);
  }
};
await Promise.all([comparing(), comparing()]);
const suite = await suiteRun;
const compared = converted.flatMap((each) => {
  const count = answers.get(each.net.name);
  return count === undefined ? [] : [{ ...each, answers: count }];
});
if (values.answers) {
  const rows = compared.map(({ net, answers: count }) => ({ net: net.name, answers: count }));
  process.stdout.write(`${answerLines(rows).join('\n')}\n`);
  process.exit();
}

const verdicts: Verdict[] = [];
for (const { answers: count, ...each } of compared) {
  const { net, operators, models } = each;
  const cost = await measureNet(each, bundles.all, effort);
  verdicts.push({ net: net.name, operators, bytes: models.litert.length, answers: count, ...cost });
  const cpu = `${spread(cost.costs.stock.runCpuMs)} and ${spread(cost.costs.litert.runCpuMs)} ms`;
  note(`${net.name}: ${spread(cost.overLiteRt.stock)} times faster (${cpu}; ${cost.eachProcess.map(number)})`);
}
note('starting Workers with and without the module');
const serving = await servingWorkers(bundles.both);
const startUp = await measureStartUp(
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
  startUp,
  suite,
  quick: values.quick,
  whole: values.only.length === 0,
  seconds: (performance.now() - begun) / 1000,
};
const page = enginesPage(results, out === null ? '' : keptPart(await readFile(out, 'utf8').catch(() => '')));
if (out === null) process.stdout.write(page);
else {
  await writeFile(out, page);
  process.stdout.write(`written: ${relative(projectRoot, out)}\n`);
}
const { right, timesFaster, ofStock, passed } = judge(results);
process.stdout.write(
  `${right} nets right, median ${number(timesFaster)} times faster, the thin layer ${number(ofStock)} of stock: the gate is ${passed ? '' : 'not '}passed\n`,
);

function countOf(option: string, text: string | undefined, otherwise: number): number {
  const count = text === undefined ? otherwise : Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  process.stderr.write(`engines: --${option}: expected a whole number above 0, got '${text}'\n`);
  process.exit(2);
}
