// `npm run conformance:oip`: the Open Inference Protocol's demands against the built Worker, as a table on the terminal and in
// docs/evidence/oip-conformance.md. The demands are the titles of test/scripts/checks/oip/conformance.test.ts.
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../build/project.ts';
import { type Case, renderTable, summarize } from './table.ts';

const testFile = 'test/scripts/checks/oip/conformance.test.ts';

interface VitestReport {
  testResults: { assertionResults: { ancestorTitles: string[]; title: string; status: string }[] }[];
}

async function runCases(): Promise<Case[]> {
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

const cases = await runCases();
const table = renderTable(cases, testFile);
await writeFile(join(projectRoot, 'docs', 'evidence', 'oip-conformance.md'), table);
process.stdout.write(`${table}\n${summarize(cases)}\n`);
process.exitCode = cases.length > 0 && cases.every(({ passed }) => passed) ? 0 : 1;
