// `npm run attack`: attacks a PoP of its own on purpose, and says what it cost the isolate and other callers.
import { parseArgs } from 'node:util';
import { isolateMemory } from '../../../registry/default-limits.ts';
import { mebibyte, mebibytes } from '../../../registry/mebibytes.ts';
import { startFuzzPop } from '../fuzz/fuzz-pop.ts';
import { attackMemory, type MemorySample, totalOf } from './memory.ts';

const usage = `npm run attack [-- --only memory --seconds N]
  --only memory  drives the isolate to the limits of its memory (the only section so far)
  --seconds N    how long a section takes about (default 60)`;

const seconds = readArguments();
const pop = await startFuzzPop();
try {
  const report = await attackMemory(pop, { seconds });
  const told = (sample: MemorySample) =>
    `${mebibytes(totalOf(sample), 1)}: JavaScript ${mebibytes(sample.jsBytes, 1)}, WASM ${mebibytes(sample.heapBytes, 1)}`;
  const statuses = Object.entries(report.byStatus).map(([status, count]) => `${status}: ${count}`);
  const lines = [
    `memory held at most ${told(report.held)} (limit ${isolateMemory.totalMib} MiB, ${report.samples} samples)`,
    `with garbage at most ${told(report.seen)}`,
    `attackers were answered ${statuses.join(', ')}`,
    `${report.victims} small requests of another caller, ${report.victimsRefused} refused`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  const isKept = totalOf(report.held) <= isolateMemory.totalMib * mebibyte && report.victimsRefused === 0;
  process.exitCode = isKept ? 0 : 1;
} finally {
  await pop.stop();
}

function readArguments(): number {
  try {
    const { values } = parseArgs({
      options: { only: { type: 'string', default: 'memory' }, seconds: { type: 'string', default: '60' } },
    });
    const given = Number(values.seconds);
    if (values.only !== 'memory') throw new Error(`--only: expected memory, got '${values.only}'`);
    if (!(given > 0)) throw new Error(`--seconds: expected a number above 0, got '${values.seconds}'`);
    return given;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
    process.exit(2);
  }
}
