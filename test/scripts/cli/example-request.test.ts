// The request that `popserve infer --example` prints is answered by the model that it was printed for, whatever that takes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Manifest } from '../../../registry/manifest.ts';
import { demoModel, demoPictureModel } from '../../../scripts/demo/demo-model.ts';
import { releaseDemoPictures } from '../../../scripts/start/release-demo.ts';
import { demoPublication } from '../../harness/demo-publication.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';
import { writeMoodFolder } from '../../harness/texts/hub-folder.ts';
import { type Ran, runCommand } from './captured-host.ts';

const folder = mkdtempSync(join(tmpdir(), 'popserve-example-'));
let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start();
  await pop.release(await demoPublication());
  await pop.release(adder('plus', 'v1', 1));
  await pop.release(withWarmup('plus-columns', { features: ['left', 'right'] }));
  await pop.release(withWarmup('plus-large', { warmup: [{ name: 'x', shape: [1000, 2] }] }));
  await releaseDemoPictures(pop.pop.url, pop.pop.token);
  writeMoodFolder(join(folder, 'moods'));
  const published = await run(
    { POPSERVE_TOKEN: pop.pop.token },
    'publish',
    join(folder, 'moods'),
    '--name',
    'moods',
    '--activate',
  );
  expect(published.status, published.err).toBe(0);
}, 120_000);
afterAll(async () => {
  await pop?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function withWarmup(name: string, changes: Partial<Manifest>) {
  const { manifest, blobs } = adder(name, 'v1', 1);
  return { manifest: { ...manifest, warmup: [{ name: 'x', shape: [1, 2], data: [3, 4] }], ...changes }, blobs };
}

async function run(env: Record<string, string>, ...args: string[]): Promise<Ran> {
  const { preparePublication } = await import('../../../scripts/validation/prepare-publication.ts');
  const url = pop.pop.url.href;
  const surroundings = { POPSERVE_URL: url, POPSERVE_ACTOR: 'somebody', POPSERVE_DATA: folder, ...env };
  return runCommand(args, url, { env: surroundings, prepare: preparePublication });
}

it.each([
  ['records by their names', demoModel.name, 'instances', 'LABEL'],
  ['named columns of one input', 'plus-columns', 'instances', 'Y'],
  ['tensors', 'plus', 'inputs', 'y FP32 [1,2]: [1,1]'],
  ['a picture', demoPictureModel.name, 'inputs', 'high'],
  ['a text', 'moods', 'inputs', 'POSITIVE'],
])('is answered: %s', async (_, model, member, answer) => {
  // A token that may read manifests makes no difference but to the values.
  for (const env of [{ POPSERVE_TOKEN: pop.pop.token }, {} as Record<string, string>]) {
    const printed = await run(env, 'infer', model, '--example');
    expect(printed.status, printed.err).toBe(0);
    expect(Object.keys(JSON.parse(printed.out))).toContain(member);
    const file = join(folder, 'request.json');
    writeFileSync(file, printed.out);
    const asked = await run(env, 'infer', model, '--input', file);
    expect(asked.status, asked.err).toBe(0);
    expect(asked.out).toContain(answer);
    const body = await pop.send('POST', `/v2/models/${model}/infer`, printed.out, {
      'content-type': 'application/json',
    });
    expect((await run(env, 'infer', model, '--input', file, '--json')).out.trim()).toBe(
      new TextDecoder().decode(body.bytes),
    );
  }
});

it('has the values that the version was tried on', async () => {
  const printed = await run({ POPSERVE_TOKEN: pop.pop.token }, 'infer', 'plus-columns', '--example', '--json');
  expect(JSON.parse(printed.out)).toEqual({ instances: [{ left: 3, right: 4 }] });
  const tensors = await run({ POPSERVE_TOKEN: pop.pop.token }, 'infer', 'plus-large', '--example');
  expect(JSON.parse(tensors.out).inputs).toEqual([
    { name: 'x', shape: [1000, 2], datatype: 'FP32', data: new Array(2000).fill(0) },
  ]);
});

it('is that of the version or alias that is named', async () => {
  const { status, err } = await run({}, 'infer', 'plus', '--example', '--version', 'v9');
  expect([status, err]).toEqual([1, expect.stringContaining('v9')]);
});
