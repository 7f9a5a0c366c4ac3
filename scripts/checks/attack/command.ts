// `npm run attack`: attacks a PoP of its own in every way that was ever found, and says what a victim saw of it and what it cost.
import { parseArgs } from 'node:util';
import { largest } from '../../../registry/extremes.ts';
import { mebibytes } from '../../../registry/mebibytes.ts';
import { Dice } from '../fuzz/dice.ts';
import type { Kind, KindReport } from './kind.ts';
import { kinds } from './kinds.ts';
import { most } from './measure.ts';
import { attack } from './run.ts';

const usage = `npm run attack [-- --only KIND,KIND --seconds N --seed S --json]
  --only KIND  these kinds only, separated by commas
  --seconds N  how long all of it takes about (default 120)
  --seed S     shuffles the kinds; without it they run in the order below
  --json       prints the reports as JSON
Kinds:
${kinds.map(({ name, about }) => `  ${name.padEnd(20)} ${about}`).join('\n')}`;

const { chosen, seconds, isJson } = readArguments();
const reports = await attack(chosen, seconds / chosen.length, (report, tries) => {
  if (!isJson) process.stdout.write(`${lineOf(report, tries)}\n`);
});
const heldBytes = largest(reports.map((report) => report.heldBytes ?? 0));
const failed = reports.filter(({ faults }) => faults.length > 0);
if (isJson) process.stdout.write(`${JSON.stringify({ limits: most, heldBytes, reports }, null, 2)}\n`);
else {
  process.stdout.write(
    `the isolate held at most ${mebibytes(heldBytes, 1)} of ${mebibytes(most.heldBytes, 0)}; ${failed.length} of ${reports.length} kinds went past a limit\n`,
  );
}
process.exitCode = failed.length === 0 ? 0 : 1;

function lineOf(
  { name, quiet, during, fired, got, cpuMs, heldBytes: held, seenBytes, faults }: KindReport,
  tries: number,
): string {
  const side = (latency: KindReport['quiet']) =>
    latency === null ? 'not measured' : `median ${latency.medianMs.toFixed(1)}, p99 ${latency.p99Ms.toFixed(1)} ms`;
  const outcomes = Object.entries(got).map(([what, times]) => `${what}: ${times}`);
  return [
    `${name}${tries > 1 ? ` (measured ${tries} times)` : ''}`,
    `  victim quiet ${side(quiet)}; during ${side(during)} (${during?.count ?? 0} requests)`,
    `  ${fired} attacking requests got ${outcomes.join(', ') || 'nothing'}`,
    `  CPU per attacking request ${cpuMs === null ? 'not told' : `${cpuMs.toFixed(1)} ms`}; the isolate held ${held === null ? 'not measured' : `${mebibytes(held, 1)}, with garbage ${mebibytes(seenBytes ?? 0, 1)}`}`,
    ...faults.map((fault) => `  PAST A LIMIT: ${fault}`),
  ].join('\n');
}

function readArguments(): { chosen: readonly Kind[]; seconds: number; isJson: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string' },
        seconds: { type: 'string', default: '120' },
        seed: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(`${usage}\n`);
      process.exit(0);
    }
    const given = Number(values.seconds);
    if (!(given > 0)) throw new Error(`--seconds: expected a number above 0, got '${values.seconds}'`);
    const seed = values.seed === undefined ? null : Number(values.seed);
    if (seed !== null && !Number.isSafeInteger(seed)) {
      throw new Error(`--seed: expected a whole number, got '${values.seed}'`);
    }
    const names = values.only?.split(',') ?? null;
    const known = new Map(kinds.map((kind) => [kind.name, kind]));
    const unknown = names?.find((name) => !known.has(name));
    if (unknown !== undefined) throw new Error(`--only: there is no kind '${unknown}'`);
    const wanted = names === null ? kinds : kinds.filter(({ name }) => names.includes(name));
    return { chosen: seed === null ? wanted : shuffled(wanted, seed), seconds: given, isJson: values.json };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
    process.exit(2);
  }
}

function shuffled(list: readonly Kind[], seed: number): Kind[] {
  const dice = new Dice(seed);
  const left = [...list];
  return list.flatMap(() => left.splice(dice.below(left.length), 1));
}
