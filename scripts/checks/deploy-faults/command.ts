// `npm run deploy:faults`: every call that a first deployment makes fails with 429, 500 and a dropped connection, before and after the
// work was done; the deployment is repeated each time and must end complete with nothing made twice. Takes about twenty minutes.
import { parseArgs } from 'node:util';
import { type Fault, faultKinds } from '../cloudflare/faults.ts';
import { type CaseResult, runCase } from './run-case.ts';

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });

const clean = await runCase(null);
if (clean.faults.length > 0)
  throw new Error(`a deployment without faults is not complete: ${clean.first}; ${clean.faults.join('; ')}`);

const cases = clean.calls.flatMap((call): Fault[] =>
  faultKinds
    // A call that only reads has no work that could be done and not answered.
    .filter((kind) => kind !== 'dropped-after' || !call.startsWith('GET'))
    .map((kind) => ({ call, kind })),
);
const chosen = cases.filter(({ call, kind }) => `${call} ${kind}`.includes(values.only));
console.log(`${clean.calls.length} calls, ${chosen.length} cases\n`);
console.log('| call | fault | tried | first run | repeated | versions |\n|---|---|---|---|---|---|');
let unmet = 0;
for (const fault of chosen) {
  const result = await runCase(fault);
  if (result.faults.length > 0) unmet += 1;
  console.log(row(result, fault));
}
console.log(`\n${chosen.length - unmet} of ${chosen.length} complete after the repeat, nothing made twice`);
if (unmet > 0) process.exitCode = 1;

function row({ failedCalls, first, second, faults, versions }: CaseResult, { call, kind }: Fault): string {
  const ended = faults.length === 0 ? 'complete' : `${second}; ${faults.join('; ')}`;
  const stopped = first === 'complete' ? 'complete' : `stopped: ${first.replace(/\|/g, '\\|').slice(0, 160)}`;
  return `| ${call} | ${kind} | ${failedCalls} | ${stopped} | ${ended} | ${versions} |`;
}
