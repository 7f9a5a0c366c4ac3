// `npm run demo`: the whole story on this machine, and a report to look at. Ends with 1 when the story does not come true.
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../build/project.ts';
import { Narration } from './narration.ts';
import { type Claim, claimsOf } from './story/claims.ts';
import { defaultSeed, fullPlan, quickPlan, regions } from './story/plan.ts';
import { renderStory } from './story/report.ts';
import { openStage, type Stage } from './story/stage.ts';
import { tellStory } from './story/storyteller.ts';

const usage = `npm run demo [-- --seed N] [--report FILE] [--quick] [--keep]
  --seed N       another fleet (default ${defaultSeed}); the same seed, the same story
  --report FILE  where the report goes (default .popserve/demo.html)
  --quick        on a smaller scale
  --keep         leave the PoPs running until Ctrl-C`;

const options = readOptions();
const say = (text: string) => process.stdout.write(`${text}\n`);
const narration = new Narration(say);

const plan = options.quick ? quickPlan(options.seed) : fullPlan(options.seed);
const folder = await mkdtemp(join(tmpdir(), 'popserve-demo-'));
// Ctrl-C as well: miniflare ends the process with its workerd.
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
let stage: Stage | null = null;
try {
  say(`${narration.elapsed}  Starting three PoPs: ${regions.map(({ city, pop }) => `${city} (${pop})`).join(', ')} …`);
  stage = await openStage(plan, (text) => narration.doing(text));
  const story = await tellStory(stage, plan, folder, narration);
  narration[Symbol.dispose]();
  const claims = claimsOf(story);
  await mkdir(dirname(options.report), { recursive: true });
  await writeFile(options.report, renderStory(story, claims));
  summarize(claims);
  if (options.keep) await keep(stage);
  if (claims.some(({ holds }) => !holds)) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`\nThe story does not go on: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  narration[Symbol.dispose]();
  await stage?.close();
}

function summarize(claims: readonly Claim[]): void {
  say(`\n${narration.elapsed}  What came of it`);
  for (const { text, holds, found } of claims) say(`  ${holds ? '✓' : '✗'} ${text}\n      ${found}`);
  const failed = claims.filter(({ holds }) => !holds).length;
  say(
    failed === 0
      ? `\nThe story came true in ${narration.elapsed.trim()}.`
      : `\nThe story did not come true: ${failed} of ${claims.length} claims do not hold.`,
  );
  say(`Report: ${relative(process.cwd(), options.report)}`);
}

async function keep({ urls, token }: Stage): Promise<void> {
  say('\nThe PoPs go on until Ctrl-C:');
  for (const [pop, url] of urls) say(`  ${pop}  ${url.origin}`);
  say(
    `  POPSERVE_URL=${urls.values().next().value?.origin} POPSERVE_TOKEN=${token} npx popserve status machine-failure`,
  );
  await new Promise((done) => process.once('SIGINT', done));
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string', default: String(defaultSeed) },
        report: { type: 'string' },
        quick: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      say(usage);
      process.exit(0);
    }
    const seed = Number(values.seed);
    if (!Number.isInteger(seed) || seed < 0) throw new Error(`--seed: expected a whole number, got ${values.seed}`);
    const report = values.report === undefined ? join(projectRoot, '.popserve', 'demo.html') : resolve(values.report);
    return { seed, report, quick: values.quick, keep: values.keep };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
    process.exit(2);
  }
}
