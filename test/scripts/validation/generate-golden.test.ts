// A model whose inputs and outputs are too large to be kept is published, and verified where it runs.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Manifest } from '../../../registry/manifest.ts';
import { floats, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { writeModel } from '../../../scripts/onnx/model-file.ts';
import { preparePublication } from '../../../scripts/validation/prepare-publication.ts';
import { TestPop } from '../../harness/pop.ts';
import { type Ran, runCommand } from '../cli/captured-host.ts';

const folder = mkdtempSync(join(tmpdir(), 'popserve-large-'));
let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start();
});
afterAll(async () => {
  await pop?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function run(...args: string[]): Promise<Ran> {
  const env = { POPSERVE_URL: pop.pop.url.href, POPSERVE_TOKEN: pop.pop.token, POPSERVE_ACTOR: 'somebody' };
  return runCommand(args, env.POPSERVE_URL, { env, prepare: preparePublication, wait: (ms) => delay(ms) });
}

/** y = x + constant over a picture of 128 by 128. */
function writeLarge(name: string, constant: number): string {
  const shape = [1, 3, 128, 128];
  const built = model({
    ...{ name: 'large', opsets: { '': 17 }, initializers: [floats('constant', [], [constant])] },
    inputs: [tensorValue('x', 1, shape)],
    outputs: [tensorValue('y', 1, shape)],
    nodes: [node('Add', ['x', 'constant'], ['y'])],
  });
  const file = join(folder, name);
  writeFileSync(file, writeModel(built));
  return file;
}

it('has golden vectors of generated values, which are replayed', async () => {
  const published = await run('publish', writeLarge('one.onnx', 1), '--name', 'large', '--activate');
  expect(published.status, published.err).toBe(0);
  expect(published.out).toContain('note: golden vectors have generated values');
  expect(published.out).not.toContain('/dev/zero');
  const verified = await run('verify', 'large');
  expect([verified.err, verified.out]).toEqual([
    '',
    expect.stringMatching(/^large 1 at local \(http:.*\): 2 of 2 golden vectors as published\n$/),
  ]);
});

it('fails where other numbers are answered', async () => {
  const { blobs: ones, manifest } = await preparation(writeLarge('one.onnx', 1));
  const twos = await preparation(writeLarge('two.onnx', 2));
  // The model that answers otherwise under the golden vectors of the first.
  const golden = manifest.artifacts.golden as NonNullable<Manifest['artifacts']['golden']>;
  await pop.release({
    manifest: { ...twos.manifest, artifacts: { ...twos.manifest.artifacts, golden } },
    blobs: [...twos.blobs, ...ones],
  });
  const { status, out } = await run('verify', 'swapped', '--json');
  expect(status).toBe(1);
  expect(JSON.parse(out).faults).toEqual([
    expect.stringMatching(/^case 1: output 'y' differs at 1000 of 1000 elements/),
    expect.stringMatching(/^case 2/),
  ]);
});

async function preparation(file: string) {
  const progress = { step: () => {}, note: () => {} };
  const tolerance = { absolute: 1e-3, relative: 1e-3 };
  return await preparePublication({ file, model: 'swapped', version: '1', tolerance }, progress);
}
