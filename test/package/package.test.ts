// The tarball of `npm pack` in other people's folders: a client alone, and a project from init over start, publish and infer to the
// dry run of a deployment, with the registry as the only network. Without a registry it is skipped.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { mebibyte } from '../../registry/mebibytes.ts';
import { projectRoot } from '../../scripts/build/project.ts';
import { adder } from '../harness/small-models.ts';
import { Consumer, type Outcome } from './consumer.ts';

const registry = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();
const reachable = await fetch(registry, { signal: AbortSignal.timeout(10_000) }).then(
  () => true,
  () => false,
);
if (!reachable) process.stderr.write(`The package is not tested: no registry answers at ${registry}.\n`);

const consumer = new Consumer();
const tarball = join(consumer.folder, `popserve-${packageJson.version}.tgz`);
/** By the name that a test has for it. */
const nodes = new Map([['24', process.execPath]]);
afterAll(() => consumer[Symbol.dispose]());

function expectDone(outcome: Outcome): Outcome {
  if (outcome.status !== 0) throw new Error(`exit status ${outcome.status}\n${outcome.stdout}\n${outcome.stderr}`);
  return outcome;
}

function bytesIn(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

describe.skipIf(!reachable)('the package', () => {
  beforeAll(async () => {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', consumer.folder], { cwd: projectRoot });
    consumer.write('node22/package.json', '{}');
    // The package `node` has a script that puts the executable in its place.
    expectDone(await consumer.npm(['install', 'node@22'], 'node22'));
    nodes.set('22', join(consumer.folder, 'node22', 'node_modules', 'node', 'bin', 'node'));
  });

  describe('for a client alone', () => {
    const modules = join(consumer.folder, 'client', 'node_modules');
    beforeAll(async () => {
      consumer.write('client/package.json', '{"private":true,"type":"module"}');
      expectDone(await consumer.npm(['install', tarball], 'client'));
    });

    it('brings nothing else, and weighs less than 20 MiB', () => {
      expect(readdirSync(modules).filter((name) => !name.startsWith('.'))).toEqual(['popserve']);
      expect(statSync(tarball).size).toBeLessThan(6 * mebibyte);
      expect(bytesIn(modules)).toBeLessThan(20 * mebibyte);
    });

    it('has no TypeScript but declarations, and the licences', () => {
      const files = readdirSync(join(modules, 'popserve'), { recursive: true, encoding: 'utf8' });
      expect(files.filter((file) => /(?<!\.d)\.ts$/.test(file))).toEqual([]);
      expect(files).toEqual(expect.arrayContaining(['LICENSE', 'THIRD_PARTY_NOTICES.md']));
    });

    it.each(['22', '24'])('imports and runs on Node %s', async (name) => {
      const use =
        "import { PopserveClient } from 'popserve/client'; import { MediaClient } from 'popserve/client/media'; console.log(typeof new MediaClient('http://a').classify, new MediaClient('http://a') instanceof PopserveClient);";
      consumer.write('client/use.js', use);
      const node = nodes.get(name) ?? '';
      expect(expectDone(await consumer.run(node, ['use.js'], { cwd: 'client' })).stdout).toBe('function true\n');
      const version = await consumer.run('npx', ['popserve', '--version'], { cwd: 'client', node });
      expect(expectDone(version).stdout).toBe(`${packageJson.version}\n`);
    });

    it.each(['bundler', 'nodenext'])('has types for module resolution %s', async (resolution) => {
      const types = join(modules, '@cloudflare');
      if (!readdirSync(modules).includes('@cloudflare'))
        symlinkSync(join(projectRoot, 'node_modules', '@cloudflare'), types);
      consumer.write(
        'client/use.ts',
        `import { PopserveClient } from 'popserve/client';
         import { MediaClient } from 'popserve/client/media';
         import worker, { ModelTelemetry, type PopserveEnv } from 'popserve/worker';
         export { ModelTelemetry };
         export default { fetch: worker.fetch, scheduled: worker.scheduled } satisfies ExportedHandler<PopserveEnv>;
         export const objects = (env: { OBJECTS: DurableObjectNamespace<ModelTelemetry> }) => env.OBJECTS;
         export const ask = async () => (await new PopserveClient('http://a').infer('m', { x: { data: [1] } })).outputs;
         export const see = async (file: Blob) => (await new MediaClient('http://a').classify('m', file)).labels;
         // @ts-expect-error no such export
         import { nothing } from 'popserve/worker';`,
      );
      const module = resolution === 'bundler' ? 'esnext' : 'nodenext';
      const options = ['--module', module, '--moduleResolution', resolution, '--types', '@cloudflare/workers-types'];
      const tsc = join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');
      const strict = ['--strict', '--noEmit', '--target', 'es2024', '--lib', 'es2024'];
      const checked = await consumer.run(process.execPath, [tsc, ...strict, ...options, 'use.ts'], { cwd: 'client' });
      expect([checked.status, checked.stdout]).toEqual([0, '']);
    });

    it('says what to install for a command that takes more', async () => {
      const { wrangler, 'onnxruntime-node': onnxruntime } = packageJson.devDependencies;
      const line = (tool: string) => `is not installed; run 'npm install --save-dev --ignore-scripts ${tool}'`;
      const doctor = await consumer.run('npx', ['popserve', 'doctor'], { cwd: 'client' });
      expect(doctor.stdout).toContain(`the package onnxruntime-node ${line(`onnxruntime-node@${onnxruntime}`)}`);
      consumer.write('client/wrangler.toml', 'name = "mine"\n');
      const start = await consumer.run('npx', ['popserve', 'start'], { cwd: 'client' });
      expect([start.status, start.stderr]).toEqual([
        1,
        `popserve: the package wrangler ${line(`wrangler@${wrangler}`)}\n`,
      ]);
    });
  });

  describe('in a project of its own', () => {
    const inProject = { cwd: 'my-pop' };
    beforeAll(async () => {
      const popserve = join(consumer.folder, 'client', 'node_modules', '.bin', 'popserve');
      expectDone(await consumer.run(popserve, ['init', 'my-pop', '--popserve', tarball]));
      expectDone(await consumer.npm(['install'], 'my-pop'));
      consumer.write('my-pop/model.onnx', adder('plus', '1', 1).blobs[0]?.bytes ?? '');
      consumer.write(
        'my-pop/request.json',
        JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] }),
      );
    });

    it.each(['24', '22'])('starts, publishes and answers on Node %s', async (name) => {
      const options = { ...inProject, node: nodes.get(name) ?? '' };
      const words = ['start', '--json', '--port', '0', '--data', name, '--cors', 'https://app.example'];
      const bin = join(consumer.folder, 'my-pop', 'node_modules', '.bin', 'popserve');
      const pop = await consumer.serve(bin, words, /^(\{.*\})$/m, options);
      const { url, open } = JSON.parse(pop.said[1] ?? '');
      expect(open).toBe(true);
      const asked = { ...options, env: { POPSERVE_URL: url, POPSERVE_DATA: name } };
      const publish = ['popserve', 'publish', 'model.onnx', '--name', 'plus', '--activate'];
      expectDone(await consumer.run('npx', publish, asked));
      const infer = await consumer.run(
        'npx',
        ['popserve', 'infer', 'plus', '--input', 'request.json', '--json'],
        asked,
      );
      expect(JSON.parse(expectDone(infer).stdout).outputs[0].data).toEqual([2, 3]);
      const listed = await fetch(`${url}/v2/models`, { headers: { origin: 'https://app.example' } });
      expect(listed.headers.get('access-control-allow-origin')).toBe('https://app.example');
      expect(await pop.end()).toBe(0);
    });

    it('takes settings of wrangler.toml', async () => {
      const config = join(consumer.folder, 'my-pop', 'wrangler.toml');
      const changed = readFileSync(config, 'utf8').replace('# CORS_ORIGINS = "', 'CORS_ORIGINS = "');
      consumer.write('my-pop/wrangler.toml', changed);
      const bin = join(consumer.folder, 'my-pop', 'node_modules', '.bin', 'popserve');
      const pop = await consumer.serve(
        bin,
        ['start', '--json', '--port', '0', '--data', 'toml'],
        /^(\{.*\})$/m,
        inProject,
      );
      const { url } = JSON.parse(pop.said[1] ?? '');
      const listed = await fetch(`${url}/v2/models`, { headers: { origin: 'https://app.example.com' } });
      expect(listed.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
      expect(await pop.end()).toBe(0);
    });

    it('is what wrangler would deploy', async () => {
      const { stdout } = expectDone(await consumer.run('npx', ['wrangler', 'deploy', '--dry-run'], inProject));
      expect(stdout).toMatch(/env\.TELEMETRY \(ModelTelemetry\)[\s\S]*env\.ROUTES[\s\S]*env\.MODELS \(my-pop-models\)/);
      expect(stdout).toContain('--dry-run: exiting now.');
      const words = ['wrangler', 'deploy', '--dry-run', '--config', 'wrangler.litert.toml'];
      const engine = expectDone(await consumer.run('npx', words, inProject));
      expect(engine.stdout).toContain('env.MODELS (my-pop-models)');
      expect(engine.stdout).toContain('--dry-run: exiting now.');
    });

    it('runs under wrangler dev, where the command finds the token in .dev.vars', async () => {
      const wrangler = join(consumer.folder, 'my-pop', 'node_modules', '.bin', 'wrangler');
      const words = ['dev', '--ip', '127.0.0.1', '--port', '0', '--inspector-port', '0'];
      const env = { CI: 'true', WRANGLER_SEND_METRICS: 'false', NO_COLOR: '1' };
      const dev = await consumer.serve(wrangler, words, /Ready on (http:\/\/\S+)/, { ...inProject, env });
      const asked = { ...inProject, env: { POPSERVE_URL: dev.said[1] ?? '' } };
      expectDone(
        await consumer.run('npx', ['popserve', 'publish', 'model.onnx', '--name', 'plus', '--activate'], asked),
      );
      const infer = await consumer.run(
        'npx',
        ['popserve', 'infer', 'plus', '--input', 'request.json', '--json'],
        asked,
      );
      expect(JSON.parse(expectDone(infer).stdout).outputs[0].data).toEqual([2, 3]);
      await dev.end('SIGTERM');
    });
  });
});
