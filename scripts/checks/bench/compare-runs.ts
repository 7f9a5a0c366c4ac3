// Two runs of the benchmark, on different days or machines: what each contestant took of a peer that popserve's changes do not touch,
// then and now. `--record` keeps the rounds of a run, `--compare` reads them.
import { readFile, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import { pairedRatio, type Summary, summarise } from '../summarise.ts';
import type { Machine } from './machine.ts';
import { number, spread } from './report.ts';
import type { SectionResult, Series, Table } from './section.ts';

const recordSchema = z.object({
  machine: z.object({ processor: z.string(), cores: z.number(), load: z.string(), date: z.string() }),
  series: z.array(
    z.object({ name: z.string(), reference: z.string(), values: z.record(z.string(), z.array(z.number()).min(1)) }),
  ),
});

export type RunRecord = z.infer<typeof recordSchema>;

export function recordOf({ processor, cores, load, date }: Machine, results: readonly SectionResult[]): RunRecord {
  const series = results.flatMap((result) =>
    (result.series ?? []).map((one) => ({
      ...one,
      name: `${result.title}: ${one.name}`,
      values: Object.fromEntries(Object.entries(one.values).map(([name, values]) => [name, [...values]])),
    })),
  );
  return { machine: { processor, cores, load, date }, series };
}

export async function writeRecord(file: string, record: RunRecord): Promise<void> {
  await writeFile(file, `${JSON.stringify(record)}\n`);
}

/** @throws Error naming the file if it holds no record of a run */
export async function readRecord(file: string): Promise<RunRecord> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error(`--compare: '${file}' cannot be read`, { cause });
  });
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`--compare: '${file}' is not a record that 'npm run bench -- --record FILE' has written`, {
      cause,
    });
  }
}

/** @returns a row for each contestant that both runs have measured */
export function compareRuns(then: RunRecord, now: RunRecord): Table {
  const earlier = new Map(then.series.map((series) => [series.name, series]));
  const rows = now.series.flatMap((series) => {
    const before = earlier.get(series.name);
    if (before === undefined || before.reference !== series.reference) return [];
    return Object.keys(series.values).flatMap((name) => {
      if (name === series.reference || before.values[name] === undefined) return [];
      const [past, present] = [ratiosOf(before, name), ratiosOf(series, name)];
      const told = (ratios: readonly number[]) => spread(summarise(ratios));
      return [[`${series.name}: ${name}`, series.reference, told(past), told(present), spread(change(past, present))]];
    });
  });
  const told = ({ machine }: RunRecord) => `${machine.date}, load ${machine.load}`;
  return { columns: ['measured', 'of', `then (${told(then)})`, `now (${told(now)})`, 'now / then'], rows };
}

/** Every round of one run against every round of the other: a round has no partner on another day. */
function change(then: readonly number[], now: readonly number[]): Summary {
  return summarise(now.flatMap((value) => then.map((before) => value / before)));
}

function ratiosOf({ values, reference }: Series, name: string): number[] {
  const [own, peer] = [values[name] ?? [], values[reference] ?? []];
  // Throws where the rounds have no partners.
  pairedRatio(own, peer);
  return own.map((value, round) => value / (peer[round] ?? Number.NaN));
}

/** @returns a sentence for a person who compares runs of two machines */
export function machineWarning(then: RunRecord, now: RunRecord): string | null {
  const named = ({ machine }: RunRecord) => `${machine.processor}, ${number(machine.cores)} cores`;
  if (named(then) === named(now)) return null;
  return `the runs are of different machines (${named(then)}; ${named(now)}): only ratios to a peer can be compared`;
}
