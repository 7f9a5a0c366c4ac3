// A client that is generated from the description: its types compile with a program that relies on them, and the answers of the
// built Worker are what the types say.
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generateTypes } from 'openapi-type-generator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectRoot } from '../../../scripts/build/project.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

const run = promisify(execFile);
const compiler = join(projectRoot, 'node_modules/typescript/bin/tsc');

let pop: TestPop;
let folder: string;
beforeAll(async () => {
  pop = await TestPop.start({ ARTIFACT_DOWNLOADS: 'on' });
  await pop.release(adder('adder', '1', 10));
  folder = await mkdtemp(join(tmpdir(), 'popserve-generated-'));
  const document = (await pop.send('GET', '/openapi.json')).json<object>();
  await writeFile(join(folder, 'api.ts'), await generateTypes(document));
  await copyFile(join(import.meta.dirname, 'generated-client/program.ts'), join(folder, 'program.ts'));
  await symlink(join(projectRoot, 'node_modules'), join(folder, 'node_modules'));
  const settings = { extends: join(projectRoot, 'scripts/tsconfig.json'), include: ['*.ts'], exclude: [] };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
});
afterAll(async () => {
  await pop.stop();
  await rm(folder, { recursive: true });
});

test('its types hold: what is right compiles, what is wrong does not', async () => {
  const outcome = await run(process.execPath, [compiler, '-p', folder]).catch((error: { stdout: string }) => error);
  expect(outcome.stdout).toBe('');
});

test('the answers of the server are of its types', async () => {
  const { stdout } = await run(process.execPath, [join(folder, 'program.ts'), pop.pop.url.href, pop.pop.token]);
  expect(stdout).toBe('all answers are of their types\n');
});
