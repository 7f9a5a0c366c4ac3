// `popserve init`: the project's name, how it names popserve, and what to do next.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import packageJson from '../../../../package.json' with { type: 'json' };
import { runCommand } from '../captured-host.ts';

const parent = mkdtempSync(join(tmpdir(), 'popserve-init-'));
afterAll(() => rmSync(parent, { recursive: true }));

const init = (...words: string[]) => runCommand(['init', ...words], 'http://127.0.0.1:1');
const dependencies = (folder: string) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).dependencies;

it('names the Worker as its folder, and says what to do next', async () => {
  const folder = join(parent, 'edge-models');
  const { status, out } = await init(folder);
  expect(status).toBe(0);
  expect(out).toContain(`\n  cd ${relative(process.cwd(), folder)}\n  npm install\n  npx popserve start\n`);
  expect(readFileSync(join(folder, 'wrangler.toml'), 'utf8')).toContain('\nname = "edge-models"\n');
  expect(dependencies(folder)).toEqual({ popserve: `^${packageJson.version}` });
});

it('names a tarball from the project', async () => {
  const tarball = join(parent, 'popserve.tgz');
  writeFileSync(tarball, '');
  const folder = join(parent, 'from-tarball');
  const { out } = await init(folder, '--popserve', relative(process.cwd(), tarball), '--json');
  expect(JSON.parse(out)).toMatchObject({ folder, name: 'from-tarball' });
  expect(dependencies(folder)).toEqual({ popserve: 'file:../popserve.tgz' });
});

it('asks for a name where the folder has none for a Worker', async () => {
  const folder = join(parent, 'My Models');
  const refused = await init(folder);
  expect([refused.status, refused.err]).toEqual([
    2,
    "popserve: 'My Models' is no name for a Worker: expected lower case letters, digits and hyphens, at most 54; give one with --name; see 'npx popserve help init'\n",
  ]);
  expect((await init(folder, '--name', 'my-models')).status).toBe(0);
  expect(readFileSync(join(folder, 'wrangler.toml'), 'utf8')).toContain('bucket_name = "my-models-models"');
});

it('writes nothing twice', async () => {
  const folder = join(parent, 'twice');
  await init(folder);
  const again = await init(folder);
  expect([again.status, again.err]).toEqual([1, expect.stringContaining('nothing was written')]);
});
