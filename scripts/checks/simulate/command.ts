// `npm run simulate`: many PoPs, releases and faults; ends with 1 when an invariant was broken.
import { parseArgs } from 'node:util';
import { measureConvergence, measureSwitchover } from './figures.ts';
import { faultsOf, reportLines } from './report.ts';
import { simulate } from './simulation.ts';

const usage = `npm run simulate [-- --pops N --releases N --minutes N --seed N …]
  --pops N         points of presence (default 8)
  --releases N     route changes that the operators try (default 40)
  --minutes N      how long devices ask (default 1)
  --seed N         decides everything that is drawn (default: drawn, and printed)
  --seeds N        so many runs in turn, from --seed on; a line for each
  --time-scale N   simulated seconds per second (default 5)
  --clients N      requests under way at once (default 16)
  --restarts N     isolates that restart (default a quarter of the PoPs)
  --no-faults      nothing goes wrong
  --convergence    only how soon every PoP serves a release, without faults
  --switchover     only the p99 of requests around switchovers of 5 MiB (default 1 PoP, 8 switchovers)
  --json           the report as JSON`;

function number(text: string | undefined, fallback: number, name: string): number {
  const value = text === undefined ? fallback : Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  process.stderr.write(`--${name}: expected a number, got '${text}'\n\n${usage}\n`);
  process.exit(2);
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        pops: { type: 'string' },
        releases: { type: 'string' },
        minutes: { type: 'string' },
        seed: { type: 'string' },
        seeds: { type: 'string' },
        'time-scale': { type: 'string' },
        clients: { type: 'string' },
        restarts: { type: 'string' },
        'no-faults': { type: 'boolean', default: false },
        convergence: { type: 'boolean', default: false },
        switchover: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
    process.exit(2);
  }
}

const values = readOptions();
if (values.help) {
  process.stdout.write(`${usage}\n`);
  process.exit(0);
}
if (values.convergence || values.switchover) {
  const options = {
    seed: number(values.seed, 1, 'seed'),
    pops: number(values.pops, values.convergence ? 8 : 1, 'pops'),
    releases: number(values.releases, 8, 'releases'),
    // All PoPs switch within 0.75 s, so that 2 s are around every switchover.
    timeScale: number(values['time-scale'], values.convergence ? 5 : 20, 'time-scale'),
  };
  const { lines, met } = await (values.convergence ? measureConvergence(options) : measureSwitchover(options));
  process.stdout.write(values.json ? `${JSON.stringify({ options, lines, met })}\n` : `${lines.join('\n')}\n`);
  process.exit(met ? 0 : 1);
}
const pops = number(values.pops, 8, 'pops');
const firstSeed = number(values.seed, Math.floor(Math.random() * 2 ** 31), 'seed');
const seeds = number(values.seeds, 1, 'seeds');
let broken = 0;
for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
  const report = await simulate({
    seed,
    pops,
    releases: number(values.releases, 40, 'releases'),
    durationMs: number(values.minutes, 1, 'minutes') * 60_000,
    timeScale: number(values['time-scale'], 5, 'time-scale'),
    clients: number(values.clients, 16, 'clients'),
    restarts: number(values.restarts, Math.ceil(pops / 4), 'restarts'),
    withFaults: !values['no-faults'],
    versions: 12,
    ballastBytes: 65_536,
    note: (message) => process.stderr.write(`  ${message}\n`),
  });
  const faults = faultsOf(report);
  if (faults.length > 0) broken++;
  const line = `seed ${seed}: ${report.checked} checked, ${faults.length === 0 ? '0 broken' : faults.join('; ')}`;
  // A run among many is told in full only where it broke something.
  if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else process.stdout.write(`${(seeds > 1 && faults.length === 0 ? [line] : reportLines(report)).join('\n')}\n`);
}
if (seeds > 1 && !values.json) process.stdout.write(`${seeds} runs, ${broken} broken\n`);
process.exitCode = broken === 0 ? 0 : 1;
