// The code of docs/client.md, as it stands there: run with the client as an installed package, against a PoP with the demo model.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildClient } from '../../scripts/build/client.ts';
import { projectRoot } from '../../scripts/build/project.ts';
import { demoRelease } from '../examples/demo-release.ts';
import { TestPop } from '../harness/pop.ts';

const run = promisify(execFile);

let pop: TestPop;
let folder: string;
let blocks: { language: string; code: string }[];
beforeAll(async () => {
  await buildClient({ declarations: false });
  folder = await mkdtemp(join(tmpdir(), 'popserve-docs-'));
  const modules = join(folder, 'node_modules');
  await mkdir(modules);
  await symlink(projectRoot, join(modules, 'popserve'));
  await symlink(join(projectRoot, 'node_modules', 'onnxruntime-web'), join(modules, 'onnxruntime-web'));
  const text = await readFile(join(projectRoot, 'docs', 'client.md'), 'utf8');
  blocks = Array.from(text.matchAll(/^```(js|ts)\n(.*?)^```$/gms), ([, language = '', code = '']) => ({
    language,
    code,
  }));
  pop = await TestPop.start();
  await pop.release(await demoRelease());
});
afterAll(async () => {
  await pop?.stop();
  await rm(folder, { recursive: true, force: true });
});

test.each([
  [0, 'first', /^will fail 1 pop\n$/],
  [1, 'typed', /^0 1\n$/],
  [2, 'records', /^1 0\.99\d 1\n$/],
  [3, 'local', /^local 1n\n$/],
])('block %i (%s) does what it says', async (index, name, printed) => {
  expect(blocks).toHaveLength(4);
  const { language, code } = blocks[index] ?? { language: 'js', code: '' };
  expect(code).toContain("'http://127.0.0.1:8787'");
  const file = join(folder, `${name}.m${language}`);
  await writeFile(file, code.replaceAll('http://127.0.0.1:8787', pop.pop.url.origin));
  const { stdout } = await run(process.execPath, [file]);
  expect(stdout).toMatch(printed);
});
