// The built client: modules under the promised sizes, free of dependencies, with types that a strict caller can use.
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
/** The client of tensors, the one of pictures and texts beside it, and what it loads where a version runs here. */
const mostGzippedBytes = {
  ...{ 'index.js': 5_000, 'feedback.js': 1_200, 'media.js': 8_000 },
  ...{ 'media-steps.js': 20_000, 'media-text-steps.js': 60_000, 'media-codecs.js': 20_000 },
};

let folder: string;
beforeAll(async () => {
  await buildClient({ declarations: true });
  folder = await mkdtemp(join(tmpdir(), 'popserve-client-'));
  await mkdir(join(folder, 'node_modules'));
  await symlink(projectRoot, join(folder, 'node_modules', 'popserve'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const built = (file: string) => readFile(join(clientFolder, file), 'utf8');

test.each(Object.entries(mostGzippedBytes))('%s is at most %i bytes gzipped', async (file, most) => {
  expect(gzipSync(await built(file)).length).toBeLessThanOrEqual(most);
});

test('imports nothing', async () => {
  expect(await built('index.js')).not.toMatch(/\bimport\b|\brequire\b/);
});

test('for pictures and texts imports modules beside it alone, those that run versions here when they are needed', async () => {
  const imports = async (file: string) => ({
    first: Array.from((await built(file)).matchAll(/(?:from|import)"([^"]*)"/g), ([, from]) => from),
    later: Array.from((await built(file)).matchAll(/import\("([^"]*)"\)/g), ([, from]) => from),
  });
  const media = await imports('media.js');
  expect(new Set(media.first)).toEqual(new Set(['./index.js']));
  expect(new Set(media.later)).toEqual(new Set(['./media-steps.js', './media-text-steps.js']));
  const steps = await imports('media-steps.js');
  expect([...steps.first, ...steps.later].every((from) => from === './index.js' || from === './media-codecs.js')).toBe(
    true,
  );
  expect((await imports('media-codecs.js')).later).toEqual([]);
  const texts = await imports('media-text-steps.js');
  expect([...new Set([...texts.first, ...texts.later])]).toEqual(['./index.js']);
});

test('is what the package exports, for Node', async () => {
  await writeFile(
    join(folder, 'use.mjs'),
    `import * as client from 'popserve/client';
     import * as feedback from 'popserve/client/feedback';
     import * as media from 'popserve/client/media';
     console.log(Object.keys(client).join(), Object.keys(media).join(), Object.keys(feedback).join(), media.PopserveError === client.PopserveError);`,
  );
  const { stdout } = await run(process.execPath, [join(folder, 'use.mjs')]);
  expect(stdout.trim()).toBe(
    'PopserveClient,PopserveError MediaClient,PopserveClient,PopserveError FeedbackClient,PopserveClient,PopserveError true',
  );
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
  const see = `
    import { type DetectedObject, MediaClient, type Picture, PopserveClient } from 'popserve/client/media';
    const client: PopserveClient = new MediaClient('https://pop.example.com');
    export async function look(camera: HTMLVideoElement, file: File, bytes: Uint8Array, frame: VideoFrame): Promise<string> {
      const media = client as MediaClient;
      const pictures: Picture[] = [camera, file, bytes, frame];
      // @ts-expect-error no picture
      await media.classify('pictures', 'cat.jpg');
      const { labels, ranAt } = await media.classify('pictures', camera, { topK: 1, at: 'auto' });
      const { objects } = await media.detect('faces', file, { threshold: 0.5, signal: AbortSignal.timeout(100) });
      const all: DetectedObject[] = objects;
      const [vector]: Float32Array[] = (await media.embed('sentences', ['a', 'b'], { dimensions: 2 })).embeddings;
      console.log(vector?.length);
      return labels.map(({ label, score }) => label + score).join() + ranAt + (all[0]?.box.xmin ?? pictures.length);
    }
  `;
  await writeFile(join(folder, 'see.ts'), see);
  const tsc = join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');
  const strict = ['--strict', '--noUncheckedIndexedAccess', '--noEmit', '--skipLibCheck', 'false', '--types', ''];
  const modules = ['--module', 'esnext', '--moduleResolution', 'bundler', '--target', 'es2022'];
  const check = (lib: string) =>
    run(process.execPath, [tsc, ...strict, ...modules, '--lib', lib, 'use.ts', 'see.ts'], { cwd: folder }).then(
      () => '',
      (error: { stdout: string }) => error.stdout,
    );
  expect(await Promise.all(['es2022,dom', 'esnext,dom'].map(check))).toEqual(['', '']);
});
