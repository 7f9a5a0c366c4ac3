// `npm run fuzz:pictures`: sends mutated pictures to the real Worker in workerd and says what broke.
import { parseArgs } from 'node:util';
import { largest } from '../../../registry/extremes.ts';
import { mebibyte, mebibytes } from '../../../registry/mebibytes.ts';
import { residentMemoryBytes } from '../bench/resident-memory.ts';
import { heldForRequests, isolateBytes } from '../fuzz/fuzz-pop.ts';
import { workerdOf } from './child-process.ts';
import { startPicturesPop } from './pictures-pop.ts';
import { fuzzPictures, hangMs, type PictureFuzzReport } from './run.ts';

const usage = `npm run fuzz:pictures [-- --count N --seed S --minutes M --only I]
  --count N    how many (default 100000)
  --seed S     repeats a run (default: by the clock)
  --minutes M  ends after this time at the latest, and says how far it came
  --only I     sends picture number I of the seed alone`;

/** Caches and compiled code that fill up are not counted as growth: a tenth of the pictures goes before. */
const warmUpShare = 0.1;
/** JS memory may differ by this after the warm-up: V8 keeps more or less code and feedback. */
const growthBytes = 4 * mebibyte;
/** The process may differ by more: when V8 collects the memories of decoders that were given up is its decision. */
const processGrowthBytes = 64 * mebibyte;

const { count, seed, only, minutes } = readArguments();
const deadline = minutes === null ? Number.POSITIVE_INFINITY : performance.now() + minutes * 60_000;
const log: string[] = [];
const pop = await startPicturesPop((line) => {
  if (/"event":"(internal-error|heap-broken)"|[Ee]rror:/.test(line) && log.length < 20) log.push(line.slice(0, 1000));
});
const pid = await workerdOf(process.pid);
try {
  process.stdout.write(`seed ${seed}\n`);
  process.exitCode = only === null ? await whole() : await one(only);
} finally {
  await pop.stop();
}

interface Sample {
  readonly isolate: number;
  readonly process: number;
}

async function sample(): Promise<Sample> {
  return { isolate: await isolateBytes(pop), process: await residentMemoryBytes(pid) };
}

async function whole(): Promise<number> {
  const warmUp = Math.ceil(count * warmUpShare);
  const middle = Math.ceil((count - warmUp) / 2);
  const begun = performance.now();
  const parts = [await part(0, warmUp)];
  const start = await sample();
  parts.push(await part(warmUp, middle));
  const half = await sample();
  parts.push(await part(warmUp + middle, count - warmUp - middle));
  const end = await sample();
  const held = await heldForRequests(pop);
  const seconds = (performance.now() - begun) / 1000;

  const findings = parts.flatMap((report) => report.findings);
  const sum = (of: (report: PictureFuzzReport) => number) => parts.reduce((total, report) => total + of(report), 0);
  const statuses = [...new Set(parts.flatMap(({ byStatus }) => Object.keys(byStatus)))].sort();
  const over = (of: (each: Sample) => number) => [start, half, end].map((each) => mebibytes(of(each), 2)).join(', ');
  const lines = [
    `${sum(({ sent }) => sent)} pictures in ${seconds.toFixed(0)} s, ${sum(({ known }) => known)} good ones between them, each answered as at the start`,
    `statuses: ${statuses.map((status) => `${status}: ${sum(({ byStatus }) => byStatus[status] ?? 0)}`).join(', ')}`,
    `slowest answer ${largest(parts.map(({ slowestMs }) => slowestMs)).toFixed(0)} ms, a finding from ${hangMs} ms on`,
    `after ${warmUp} pictures, half of the others and all: JS memory of the isolate ${over((each) => each.isolate)}; workerd as a process ${over((each) => each.process)}`,
    `held for requests at the end: ${held} bytes`,
    `${findings.length} findings`,
    ...findings.slice(0, 20).map(({ index, what }) => `  ${index}: ${what}`),
    ...log.map((line) => `  log: ${line}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  const grown = end.isolate - start.isolate > growthBytes || end.process - start.process > processGrowthBytes;
  if (grown) process.stdout.write('memory grew\n');
  return findings.length === 0 && !grown && held === 0 ? 0 : 1;
}

function part(first: number, pictures: number): Promise<PictureFuzzReport> {
  return fuzzPictures({
    url: pop.url,
    seed,
    first,
    count: pictures,
    goOn: () => performance.now() < deadline,
    onProgress: (sent, found) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${first + sent} of ${count}, ${found} findings `);
    },
  });
}

async function one(index: number): Promise<number> {
  const { findings, byStatus, slowestMs } = await fuzzPictures({ url: pop.url, seed, first: index, count: 1 });
  process.stdout.write(`${JSON.stringify({ byStatus, findings, slowestMs }, null, 2)}\n`);
  return findings.length === 0 ? 0 : 1;
}

function readArguments(): { count: number; seed: number; only: number | null; minutes: number | null } {
  try {
    const { values } = parseArgs({
      options: {
        count: { type: 'string', default: '100000' },
        seed: { type: 'string' },
        only: { type: 'string' },
        minutes: { type: 'string' },
      },
    });
    const numberOf = (text: string | undefined) => (text === undefined ? null : Number(text));
    const [pictures, only, minutes] = [Number(values.count), numberOf(values.only), numberOf(values.minutes)];
    const seed = numberOf(values.seed) ?? Date.now() % 2 ** 31;
    if (![pictures, seed, only ?? 0, minutes ?? 0].every((value) => Number.isSafeInteger(value) && value >= 0)) {
      throw new Error('expected whole numbers of 0 or more');
    }
    return { count: pictures, seed, only, minutes };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
    process.exit(2);
  }
}
