import { unmeasuredManifest } from '../../unmeasured-manifest.ts';
import { numbers } from '../models.ts';
import { json, requestFlood } from '../request-flood.ts';
import { newModel } from '../target.ts';

const digest = `sha256:${'0'.repeat(64)}`;
const path = `/registry/models/${newModel}/versions/1`;
const plain = unmeasuredManifest(newModel, '1', { digest, bytes: 100 }, numbers.signature);

/** Some of these have the size of the largest manifest that is let in, 1 MiB, each with other contents. */
const parts: readonly Readonly<Record<string, unknown>>[] = [
  { features: Array.from({ length: 125_000 }, (_, index) => `f${index}`) },
  { features: Array.from({ length: 65_536 }, (_, index) => `feature${index}`) },
  { features: new Array(65_536).fill('same') },
  { notes: new Array(500_000).fill(1) },
  { notes: new Array(1000).fill('n'.repeat(1000)) },
  { labels: Object.fromEntries(Array.from({ length: 40_000 }, (_, index) => [`output ${index}`, ['a']])) },
  { labels: { y: Array.from({ length: 65_536 }, (_, index) => `label ${index}`) } },
  { warmup: [{ name: 'x', shape: [256, 256], data: new Array(65_536).fill(0.123456789) }] },
  { warmup: Array.from({ length: 4096 }, () => ({ name: 'x', shape: new Array(50).fill(1) })) },
  { metadata: Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`k${index}`, 'v'])) },
  { metadata: Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`k${index}`, index])) },
  { costs: new Array(200_000).fill(1) },
  {
    signature: {
      inputs: Array.from({ length: 4096 }, (_, index) => ({
        name: `x${index}`,
        datatype: 'FP32',
        shape: [-1, 1, 1, 1],
      })),
      outputs: Array.from({ length: 4096 }, (_, index) => ({ name: `y${index}`, datatype: 'FP32', shape: [-1, 1, 1] })),
    },
  },
  { signature: { inputs: new Array(4096).fill({ name: 'x', datatype: 'FP32', shape: [-1] }), outputs: [] } },
  Object.fromEntries(Array.from({ length: 80_000 }, (_, index) => [`unknown${index}`, 1])),
  // Sample inputs whose elements are not in the manifest at all: gigabytes of them.
  { warmup: [{ name: 'x', shape: [100_000_000, 2] }] },
  { warmup: [{ name: 'x', shape: [250_000_000, 2] }] },
  { warmup: [{ name: 'x', shape: [9_007_199_254_740_991, 9_007_199_254_740_991] }] },
];

export const manifests = requestFlood({
  name: 'manifests',
  about: 'manifests of the largest size, each with other contents, and sample inputs of gigabytes',
  perSecond: 2,
  requests: () => parts.map((part) => json(path, JSON.stringify({ ...plain, ...part }), 'PUT')),
});
