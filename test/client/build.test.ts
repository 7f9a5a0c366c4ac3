// The built client: one module under the promised size, free of dependencies, with types that a strict caller can use.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildClient, clientFolder } from '../../scripts/build/client.ts';
import { projectRoot } from '../../scripts/build/project.ts';

const run = promisify(execFile);
const mostGzippedBytes = 5_000;

let folder: string;
beforeAll(async () => {
  await buildClient({ declarations: true });
  folder = await mkdtemp(join(tmpdir(), 'popserve-client-'));
  await mkdir(join(folder, 'node_modules'));
  await symlink(projectRoot, join(folder, 'node_modules', 'popserve'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('is at most 5 KB gzipped', async () => {
  expect(gzipSync(await readFile(join(clientFolder, 'index.js'))).length).toBeLessThanOrEqual(mostGzippedBytes);
});

test('imports nothing', async () => {
  const built = await readFile(join(clientFolder, 'index.js'), 'utf8');
  expect(built).not.toMatch(/\bimport\b|\brequire\b/);
});

test('is what the package exports, for Node', async () => {
  await writeFile(
    join(folder, 'use.mjs'),
    "import * as client from 'popserve/client'; console.log(Object.keys(client).join());",
  );
  const { stdout } = await run(process.execPath, [join(folder, 'use.mjs')]);
  expect(stdout.trim()).toBe('PopserveClient,PopserveError');
});

test('has types that know a model, with and without a library of its own for half floats', async () => {
  const use = `
    import { PopserveClient, PopserveError } from 'popserve/client';
    interface Pump { inputs: { x: 'FP32'; kind: 'BYTES' }; outputs: { count: 'INT64'; name: 'BYTES' } }
    const client = new PopserveClient('https://pop.example.com', { deviceKey: 'pump-7' });
    export async function ask(): Promise<bigint | undefined> {
      const { outputs, ranAt } = await client.infer<Pump>('pump', { x: { data: [1] }, kind: { data: ['a'] } });
      const where: 'pop' | 'local' = ranAt;
      const texts: string[] = outputs.name.data;
      const bytes: Uint8Array[] = outputs.name.bytes;
      // @ts-expect-error no such output
      outputs.other;
      // @ts-expect-error a missing input
      await client.infer<Pump>('pump', { x: { data: [1] } });
      // @ts-expect-error a text for a number
      await client.infer<Pump>('pump', { x: { data: ['1'] }, kind: { data: ['a'] } });
      const any = (await client.infer('pump', { x: { data: [1] } })).outputs.y;
      if (any?.datatype === 'FP32') any.data satisfies Float32Array;
      if (where === 'local' && new PopserveError('TIMEOUT', '').code === 'UNREACHABLE') console.log(texts, bytes);
      return outputs.count.data[0];
    }
  `;
  await writeFile(join(folder, 'use.ts'), use);
  const tsc = join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');
  const strict = ['--strict', '--noUncheckedIndexedAccess', '--noEmit', '--skipLibCheck', 'false', '--types', ''];
  const modules = ['--module', 'esnext', '--moduleResolution', 'bundler', '--target', 'es2022'];
  const check = (lib: string) =>
    run(process.execPath, [tsc, ...strict, ...modules, '--lib', lib, 'use.ts'], { cwd: folder }).then(
      () => '',
      (error: { stdout: string }) => error.stdout,
    );
  expect(await Promise.all(['es2022,dom', 'esnext,dom'].map(check))).toEqual(['', '']);
});
