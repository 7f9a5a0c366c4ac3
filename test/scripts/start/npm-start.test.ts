// `npm start`, as README.md shows it: a PoP with the demo model in it, released as an operator would.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import type { Manifest } from '../../../registry/manifest.ts';
import { projectRoot } from '../../../scripts/build/project.ts';
import { demoModel } from '../../../scripts/demo/demo-model.ts';

let folder: string;
let child: ChildProcess;
let printed = '';
let origin: string;

/** Starts it as `npm start` does, and waits until it serves. */
async function start(...more: string[]): Promise<void> {
  printed = '';
  const [, script = '', ...words] = packageJson.scripts.start.split(' ');
  const started = spawn(process.execPath, [script, ...words, '--data', folder, ...more], { cwd: projectRoot });
  child = started;
  for (const stream of [started.stdout, started.stderr]) stream.on('data', (chunk: Buffer) => (printed += chunk));
  const { promise: serving, resolve, reject } = Promise.withResolvers<void>();
  started.stdout.on('data', () => printed.includes('Ctrl-C stops it') && resolve());
  started.once('exit', (code) => reject(new Error(`npm start ended with ${code}:\n${printed}`)));
  await serving;
  origin = /listening on (\S+)/.exec(printed)?.[1] ?? '';
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'popserve-start-'));
  // Some 8 s of a quiet machine.
  await start('--port', '0', '--allow-host', 'pop.example');
}, 120_000);
afterAll(async () => {
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  await ended;
  await rm(folder, { recursive: true, force: true });
});

it('serves the demo model to the request that it prints', async () => {
  const body = /-d '(.*)'/.exec(printed)?.[1] ?? '';
  const answer = await fetch(`${origin}/v2/models/${demoModel.name}/infer`, { method: 'POST', body });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ model_version: '1', outputs: [{ name: 'failure', data: [0, 1] }, {}] });
});

it('reads a gauge by the line that it prints, pasted as it is', async () => {
  const line = printed.split('\n').find((each) => each.includes('image/png')) ?? '';
  const shell = spawn('sh', ['-c', line], { cwd: projectRoot, stdio: ['ignore', 'pipe', 'inherit'] });
  expect(JSON.parse(await text(shell.stdout))).toEqual([
    { label: 'high', score: expect.closeTo(1, 1) },
    expect.anything(),
    expect.anything(),
  ]);
});

it('says that it is open, and answers to the name that it was given', async () => {
  expect(printed).toContain(
    'It is open: everybody on this machine may infer and download models. Deployments are keyed.',
  );
  const told = (host: string) => {
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    get(`${origin}/v2/models`, { headers: { host } }, (answer) => resolve(answer.resume().statusCode));
    return promise;
  };
  expect(await told('pop.example')).toBe(200);
  expect(await told('other.example')).toBe(421);
});

it('has released it through the gate, with a baseline to tell drift by', async () => {
  const token = (await readFile(join(folder, 'token'), 'utf8')).trim();
  const url = `${origin}/registry/models/${demoModel.name}/versions/${demoModel.version}`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  const { evaluation, baseline } = (await answer.json()) as Manifest;
  expect(evaluation).toMatchObject({ task: 'binary', label: 'failure', native: { agrees: true } });
  expect(evaluation?.gate.requirements).toEqual(['roc_auc>=0.9']);
  expect(baseline?.reference).toMatchObject({ file: 'test.csv', rows: 3000 });
  expect(baseline?.inputs.map(({ name }) => name)).toEqual([...demoModel.features]);
});

it('says where it listens to a second start on the same data, and leaves the first alone', async () => {
  const second = spawn(process.execPath, ['scripts/popserve.mjs', 'start', '--port', '0', '--data', folder], {
    cwd: projectRoot,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [said, [code]] = await Promise.all([text(second.stderr), once(second, 'exit')]);
  expect(code).toBe(1);
  expect(said).toContain(
    `a local PoP already runs on the data in ${folder} and listens on ${origin} (process ${child.pid})`,
  );
  expect((await fetch(`${origin}/v2/health/ready`)).status).toBe(200);
});

it('prints a command for releasing that finds this PoP and its token, wherever it is pasted', async () => {
  const line = printed.split('\n').find((each) => each.includes('popserve publish')) ?? '';
  expect(line).toBe(
    `  POPSERVE_URL=${origin} POPSERVE_DATA=${folder} npx popserve publish model.onnx --name my-model --activate`,
  );
  const listed = (variables: string) => {
    const list = `${variables} ${process.execPath} ${projectRoot}/scripts/popserve.mjs list`;
    return text(spawn('sh', ['-c', list], { cwd: projectRoot, stdio: ['ignore', 'pipe', 'inherit'] }).stdout);
  };
  // One of them is enough in the project: the other is remembered.
  expect(await listed(`POPSERVE_URL=${origin}`)).toContain(demoModel.name);
  expect(await listed(`POPSERVE_DATA=${folder}`)).toContain(demoModel.name);
  const pasted = line
    .replace(/publish .*/, 'list')
    .replace('npx popserve', `${process.execPath} ${projectRoot}/scripts/popserve.mjs`);
  const shell = spawn('sh', ['-c', pasted], { cwd: tmpdir(), stdio: ['ignore', 'pipe', 'inherit'] });
  expect(await text(shell.stdout)).toContain(demoModel.name);
});

it('leaves nothing behind that listens when it is killed, and starts again on its port and data', async () => {
  const killed = once(child, 'exit');
  child.kill('SIGKILL');
  await killed;
  await vi.waitFor(() => expect(fetch(`${origin}/v2/health/live`)).rejects.toThrow(), {
    timeout: 20_000,
    interval: 100,
  });
  const { port } = new URL(origin);
  await start('--port', port, '--empty');
  expect(origin).toBe(`http://127.0.0.1:${port}`);
  expect(printed).toContain(`${demoModel.name}   stable → 1`);
}, 120_000);
