// `npm run simulate`: many PoPs, releases and faults; ends with 1 when an invariant was broken.
import { parseArgs } from 'node:util';
import { faultsOf, reportLines } from './report.ts';
import { simulate } from './simulation.ts';

const usage = `npm run simulate [-- --pops N --releases N --minutes N --seed N …]
  --pops N         points of presence (default 8)
  --releases N     route changes that the operators try (default 40)
  --minutes N      how long devices ask (default 1)
  --seed N         decides everything that is drawn (default: drawn, and printed)
  --time-scale N   simulated seconds per second (default 5)
  --clients N      requests under way at once (default 16)
  --restarts N     isolates that restart (default a quarter of the PoPs)
  --no-faults      nothing goes wrong
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
        'time-scale': { type: 'string' },
        clients: { type: 'string' },
        restarts: { type: 'string' },
        'no-faults': { type: 'boolean', default: false },
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
const pops = number(values.pops, 8, 'pops');
const report = await simulate({
  seed: number(values.seed, Math.floor(Math.random() * 2 ** 31), 'seed'),
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
process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : `${reportLines(report).join('\n')}\n`);
process.exitCode = faultsOf(report).length === 0 ? 0 : 1;
