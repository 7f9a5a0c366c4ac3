// `npm run fuzz`: sends mutated requests in every form to the real Worker in workerd and says what broke.

import { parseArgs } from 'node:util';
import { largest } from '../../../registry/extremes.ts';
import { mebibyte, mebibytes } from '../../../registry/mebibytes.ts';
import { isolateBytes, startFuzzPop } from './fuzz-pop.ts';
import { type FuzzReport, fuzz } from './run.ts';

const usage = `npm run fuzz [-- --requests N --seed S --minutes M --only I]
  --requests N  how many (default 200000)
  --seed S      repeats a run (default: by the clock)
  --minutes M   ends after this time at the latest, and says how far it came
  --only I      sends request number I of the seed alone`;

/** Caches and compiled code that fill up are not counted as growth: a tenth of the requests goes before. */
const warmUpShare = 0.1;
/** JS memory may differ by this after the warm-up: V8 keeps more or less code and feedback. */
const growthBytes = 4 * mebibyte;

const { requests, seed, only, minutes } = readArguments();
const deadline = minutes === null ? Number.POSITIVE_INFINITY : performance.now() + minutes * 60_000;
const log: string[] = [];
const pop = await startFuzzPop((line) => {
  if (/"event":"(internal-error|heap-broken)"|[Ee]rror:/.test(line) && log.length < 20) log.push(line.slice(0, 1000));
});
try {
  process.stdout.write(`seed ${seed}\n`);
  process.exitCode = only === null ? await whole() : await one(only);
} finally {
  await pop.stop();
}

async function whole(): Promise<number> {
  const warmUp = Math.ceil(requests * warmUpShare);
  const begun = performance.now();
  const parts = [await part(0, warmUp)];
  const before = await isolateBytes(pop);
  const heapBefore = await heapBytes();
  parts.push(await part(warmUp, requests - warmUp));
  const after = await isolateBytes(pop);
  const heapAfter = await heapBytes();
  const seconds = (performance.now() - begun) / 1000;

  const findings = parts.flatMap((report) => report.findings);
  const sum = (count: (report: FuzzReport) => number) => parts.reduce((total, report) => total + count(report), 0);
  const statuses = [...new Set(parts.flatMap(({ byStatus }) => Object.keys(byStatus)))].sort();
  const grown = after - before;
  const lines = [
    `${sum(({ sent }) => sent)} requests in ${seconds.toFixed(0)} s, ${sum(({ known }) => known)} known requests between them, each answered right`,
    `statuses: ${statuses.map((status) => `${status}: ${sum(({ byStatus }) => byStatus[status] ?? 0)}`).join(', ')}`,
    `slowest answer ${largest(parts.map(({ slowestMs }) => slowestMs)).toFixed(0)} ms`,
    `JS memory of the isolate after ${warmUp} requests ${mebibytes(before, 2)}, after all ${mebibytes(after, 2)}: ${grown >= 0 ? '+' : ''}${mebibytes(grown, 2)}`,
    `WASM heap ${heapBefore} and ${heapAfter}`,
    `${findings.length} findings`,
    ...findings.slice(0, 20).map(({ index, what, request }) => `  ${index}: ${what}\n      ${request}`),
    ...log.map((line) => `  log: ${line}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (grown > growthBytes) process.stdout.write(`the isolate grew by more than ${mebibytes(growthBytes, 2)}\n`);
  return findings.length === 0 && grown <= growthBytes ? 0 : 1;
}

function part(first: number, count: number): Promise<FuzzReport> {
  return fuzz({
    url: pop.url,
    seed,
    first,
    requests: count,
    goOn: () => performance.now() < deadline,
    onProgress: (sent, found) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${first + sent} of ${requests}, ${found} findings `);
    },
  });
}

async function one(index: number): Promise<number> {
  const { findings, byStatus } = await fuzz({ url: pop.url, seed, first: index, requests: 1 });
  process.stdout.write(`${JSON.stringify({ byStatus, findings }, null, 2)}\n`);
  return findings.length === 0 ? 0 : 1;
}

/** The WASM heap's own size, as the statistics tell it. */
async function heapBytes(): Promise<string> {
  const answer = await fetch(new URL('/v2/models/stats', pop.url)).catch(() => null);
  if (!answer?.ok) return 'not told';
  const { popserve_heap: heap } = (await answer.json()) as { popserve_heap: { byte_size: number } };
  return mebibytes(heap.byte_size, 2);
}

function readArguments(): { requests: number; seed: number; only: number | null; minutes: number | null } {
  try {
    const { values } = parseArgs({
      options: {
        requests: { type: 'string', default: '200000' },
        seed: { type: 'string' },
        only: { type: 'string' },
        minutes: { type: 'string' },
      },
    });
    const requests = Number(values.requests);
    const seed = Number(values.seed ?? Date.now() % 2 ** 31);
    const only = values.only === undefined ? null : Number(values.only);
    const minutes = values.minutes === undefined ? null : Number(values.minutes);
    if (![requests, seed, only ?? 0, minutes ?? 0].every((value) => Number.isSafeInteger(value) && value >= 0)) {
      throw new Error('expected whole numbers of 0 or more');
    }
    return { requests, seed, only, minutes };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
    process.exit(2);
  }
}
