// The cost of checking a manifest, however it is filled: a caller may write 1 MiB of JSON.
import { expect, test } from 'vitest';
import type { PopserveError } from '../../registry/errors.ts';
import { Registry } from '../../registry/registry.ts';
import { createMemoryStores } from './memory-stores.ts';
import { sampleRelease } from './sample-release.ts';

const { manifest } = await sampleRelease('pump', '1');
const names = (count: number) => Array.from({ length: count }, (_, index) => `f${index}`);
const inputs = (count: number) => names(count).map((name) => ({ name, datatype: 'FP32', shape: [-1, 4] }));

const wide: [what: string, change: object, told: string][] = [
  ['60,000 features', { features: names(60_000) }, 'features: expected one for each column'],
  ['the same 60,000 features over again', { features: [...names(30_000), ...names(30_000)] }, "'f0' is there twice"],
  ['125,000 features', { features: names(125_000) }, 'features: Too big'],
  ['500,000 wrong notes', { notes: Array.from({ length: 500_000 }, () => 0) }, 'notes'],
  ['60,000 wrong features', { features: Array.from({ length: 60_000 }, () => 0) }, 'and 59984 more'],
  [
    '4,000 inputs with samples, limits and features',
    {
      signature: { inputs: inputs(4000), outputs: manifest.signature.outputs },
      warmup: names(4000).map((name) => ({ name, shape: [1, 4] })),
      limits: names(4000).map((name) => ({ name, shape: [8, null], elements: 64 })),
      features: names(4000),
    },
    'is not in the registry',
  ],
  ['an unknown member of 900,000 characters', { ['x'.repeat(900_000)]: 1 }, 'Unrecognized key'],
  ['a name of 900,000 characters', { features: ['x'.repeat(900_000)] }, 'features.0: Too big'],
  ['100,000 labels of nothing', { labels: Object.fromEntries(names(100_000).map((name) => [name, ['a']])) }, 'labels'],
];

test.each(wide)('%s are refused at once, in a short message', async (_, change, told) => {
  const registry = new Registry({ ...createMemoryStores(), now: () => new Date() });
  const started = process.cpuUsage();
  const error = await registry.putManifest('pump', '1', { ...manifest, ...change }).then(
    () => null,
    (cause: PopserveError) => cause,
  );
  const { user, system } = process.cpuUsage(started);
  expect(error).toMatchObject({ code: 'UNPROCESSABLE', message: expect.stringContaining(told) });
  expect(error?.message.length).toBeLessThan(20_000);
  // Quadratic checks took 34 s.
  expect((user + system) / 1000).toBeLessThan(2500);
});
