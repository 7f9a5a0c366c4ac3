// `npm run conformance:oip`: the Open Inference Protocol's demands against the built Worker, as tables on the terminal and in
// docs/evidence/oip-conformance.md. The demands are the titles of the cases in test/scripts/checks/oip/.
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../build/project.ts';
import { type Case, type Chapter, renderPage, summarize } from './table.ts';

const tests = 'test/scripts/checks/oip';

const chapters: Omit<Chapter, 'cases'>[] = [
  {
    title: 'The text of the protocol and of its extensions',
    introduction: 'What the sentences of the protocol’s text and of Triton’s extensions demand.',
    testFile: `${tests}/conformance.test.ts`,
  },
  {
    title: 'The descriptions of others',
    introduction:
      'Answers and requests in the shapes that published descriptions give them; the last section lists where an answer differs from one of them on purpose, with the reason.',
    testFile: `${tests}/descriptions.test.ts`,
  },
];

interface VitestReport {
  testResults: { assertionResults: { ancestorTitles: string[]; title: string; status: string }[] }[];
}

async function runCases(testFile: string): Promise<Case[]> {
  const folder = await mkdtemp(join(tmpdir(), 'popserve-oip-'));
  try {
    const output = join(folder, 'report.json');
    const vitest = join(projectRoot, 'node_modules', 'vitest', 'vitest.mjs');
    const args = [vitest, 'run', testFile, '--reporter=json', `--outputFile=${output}`];
    spawnSync(process.execPath, args, { cwd: projectRoot, stdio: ['ignore', 'ignore', 'inherit'] });
    const report = JSON.parse(await readFile(output, 'utf8')) as VitestReport;
    return report.testResults.flatMap(({ assertionResults }) =>
      assertionResults.map(({ ancestorTitles, title, status }) => ({
        section: ancestorTitles.join(', '),
        demand: title,
        passed: status === 'passed',
      })),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

const results: Chapter[] = [];
for (const chapter of chapters) results.push({ ...chapter, cases: await runCases(chapter.testFile) });
const page = renderPage(results);
const cases = results.flatMap((chapter) => chapter.cases);
await writeFile(join(projectRoot, 'docs', 'evidence', 'oip-conformance.md'), page);
process.stdout.write(`${page}\n${summarize(cases)}\n`);
process.exitCode = results.every((each) => each.cases.length > 0) && cases.every(({ passed }) => passed) ? 0 : 1;
