// `npm run bench`: measures popserve against its peers and itself, prints tables and writes docs/evidence/benchmarks.md.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../../build/project.ts';
import { bundleAll } from './bundles.ts';
import { describeMachine } from './machine.ts';
import { ModelShelf } from './models.ts';
import { markdownPage, sectionLines } from './report.ts';
import type { Section, SectionResult } from './section.ts';
import { sections } from './sections.ts';

const usage = `npm run bench [-- --only NAME … --quick]
  --only NAME   measure this section only; may be given more than once: ${sections.map(({ name }) => name).join(', ')}
  --quick       few rounds, to see that it works
  --out FILE    write the page there (default docs/evidence/benchmarks.md; with --only or --quick it is written only if asked for)`;

const { chosen, quick, out } = readArguments();
const note = (message: string) => process.stderr.write(`  ${message}\n`);
const machine = await describeMachine();
const results: SectionResult[] = [];
{
  note('building the Workers');
  await using bundles = await bundleAll();
  await using models = await ModelShelf.open(note);
  for (const section of chosen) {
    process.stderr.write(`${section.name}\n`);
    const result = await section.run({ bundles, models, quick, note });
    results.push(result);
    process.stdout.write(`${sectionLines(result).join('\n')}\n\n`);
  }
}
if (out !== null) {
  await mkdir(dirname(out), { recursive: true });
  await writeFile(out, markdownPage(machine, results, quick));
  process.stdout.write(`written: ${relative(projectRoot, out)}\n`);
}
const missed = results.flatMap(({ figures }) => figures).filter(({ met }) => !met);
process.stdout.write(missed.length === 0 ? 'every figure was met\n' : `${missed.length} figures were missed\n`);

function readArguments(): { chosen: readonly Section[]; quick: boolean; out: string | null } {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', multiple: true },
        quick: { type: 'boolean', default: false },
        out: { type: 'string' },
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
    const whole = wanted.length === 0 && !values.quick;
    return {
      chosen: wanted.length === 0 ? sections : sections.filter(({ name }) => wanted.includes(name)),
      quick: values.quick,
      out: values.out ?? (whole ? join(projectRoot, 'docs', 'evidence', 'benchmarks.md') : null),
    };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
    process.exit(2);
  }
}
