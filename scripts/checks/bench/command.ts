// `npm run bench`: measures popserve against its peers and itself, prints tables and writes docs/evidence/benchmarks.md.
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../../build/project.ts';
import { compareCheckouts } from './against.ts';
import { bundleAll } from './bundles.ts';
import { barChart } from './chart.ts';
import { compareRuns, machineWarning, readRecord, recordOf, writeRecord } from './compare-runs.ts';
import { describeMachine } from './machine.ts';
import { ModelShelf } from './models.ts';
import { markdownPage, number, sectionLines, tableLines } from './report.ts';
import { runSection } from './run-section.ts';
import type { Section, SectionResult } from './section.ts';
import { sections } from './sections.ts';

const usage = `npm run bench [-- --only NAME … --quick]
  --only NAME      measure this section only; may be given more than once: ${sections.map(({ name }) => name).join(', ')}
  --quick          few rounds, to see that it works
  --out FILE       write the page there (default docs/evidence/benchmarks.md; with --only or --quick it is written only if asked for)
  --against DIR    measure only what a request costs, the Worker of this checkout and that of another checkout in turns
  --before DIR     beside the sections: measure that as well
  --record FILE    keep the rounds of this run in a file
  --compare FILE   compare this run with the rounds that an earlier one has kept`;

const { chosen, quick, out, against, before, record, compare } = readArguments();
// Before anything is measured: a run takes long.
const earlier = compare === null ? null : await readRecord(compare);
const note = (message: string) => process.stderr.write(`  ${message}\n`);
const machine = await describeMachine();
const results: SectionResult[] = [];
{
  note('building the Workers');
  await using bundles = await bundleAll();
  await using models = await ModelShelf.open(note);
  const context = { bundles, models, quick, note };
  const versus = (directory: string): Section => ({
    name: 'against',
    run: () => compareCheckouts(context, directory),
  });
  const beside = before === null ? [] : [versus(before)];
  const runs = against === null ? [...chosen, ...beside] : [versus(against)];
  for (const section of runs) {
    process.stderr.write(`${section.name}\n`);
    const begun = performance.now();
    const { result, failed } = await runSection(section, context);
    const seconds = (performance.now() - begun) / 1000;
    note(`${section.name}: took ${number(seconds)} s`);
    results.push({ ...result, seconds });
    if (failed) process.exitCode = 1;
    process.stdout.write(`${sectionLines(result).join('\n')}\n\n`);
  }
}
if (out !== null) {
  await mkdir(dirname(out), { recursive: true });
  const chart = results.find((result) => result.chart !== undefined)?.chart;
  const drawing = out.replace(/(\.md)?$/, '.svg');
  if (chart !== undefined) await writeFile(drawing, barChart(chart));
  await writeFile(out, markdownPage(machine, results, quick, chart === undefined ? null : basename(drawing)));
  process.stdout.write(`written: ${relative(projectRoot, out)}\n`);
}
const now = recordOf(machine, results);
if (record !== null) await writeRecord(record, now);
if (earlier !== null) {
  const warning = machineWarning(earlier, now);
  if (warning !== null) process.stdout.write(`${warning}\n\n`);
  process.stdout.write(`${tableLines(compareRuns(earlier, now)).join('\n')}\n\n`);
}
const judged = results.flatMap(({ figures }) => figures);
const missed = judged.filter(({ met }) => !met);
// A section alone may have nothing that a goal is set for.
if (judged.length > 0) process.stdout.write(`${missed.length} of ${judged.length} figures were missed\n`);

interface Arguments {
  readonly chosen: readonly Section[];
  readonly quick: boolean;
  readonly out: string | null;
  readonly against: string | null;
  readonly before: string | null;
  readonly record: string | null;
  readonly compare: string | null;
}

function readArguments(): Arguments {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', multiple: true },
        quick: { type: 'boolean', default: false },
        out: { type: 'string' },
        against: { type: 'string' },
        before: { type: 'string' },
        record: { type: 'string' },
        compare: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(`${usage}\n`);
      process.exit(0);
    }
    const wanted = values.only ?? [];
    const unknown = wanted.find((name) => !sections.some((section) => section.name === name));
    if (unknown !== undefined) throw new Error(`--only: no section '${unknown}'`);
    if (values.against !== undefined && wanted.length > 0)
      throw new Error('--against measures no sections: leave out --only');
    if (values.against !== undefined && values.before !== undefined)
      throw new Error('--against and --before measure the same: give one of them');
    const whole = wanted.length === 0 && !values.quick && values.against === undefined;
    return {
      chosen: wanted.length === 0 ? sections : sections.filter(({ name }) => wanted.includes(name)),
      quick: values.quick,
      out: values.out ?? (whole ? join(projectRoot, 'docs', 'evidence', 'benchmarks.md') : null),
      against: values.against ?? null,
      before: values.before ?? null,
      record: values.record ?? null,
      compare: values.compare ?? null,
    };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
    process.exit(2);
  }
}
