// The built Worker on platforms other than the pinned one: without shared memory, at the newest date, with the new module registry.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { bundleWorker } from '../../../scripts/build/bundle.ts';
import type { Platform } from '../../../scripts/local-pop/pop.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

const { compatibilityDate: newestDate } = createRequire(import.meta.url)('workerd') as { compatibilityDate: string };

/** Takes every way to shared memory from the isolate. */
const withoutSharedMemory = `
delete globalThis.SharedArrayBuffer;
const { Memory } = WebAssembly;
WebAssembly.Memory = class extends Memory {
  constructor(descriptor) {
    if (descriptor.shared) throw new TypeError('shared memory is not permitted here');
    super(descriptor);
  }
};
`;

const platforms: readonly (readonly [name: string, platform: Platform])[] = [
  ['without shared memory', { before: withoutSharedMemory }],
  ['at the newest date that workerd takes', { compatibilityDate: newestDate }],
  ['with the new module registry', { compatibilityDate: newestDate, compatibilityFlags: ['new_module_registry'] }],
];

describe('the built Worker', () => {
  it.each(platforms)('serves %s', async (_name, platform) => {
    const pop = await TestPop.start({}, { platform });
    try {
      // A heap that grows several times over.
      await pop.release(adder('small', '1', 1));
      await pop.release(adder('large', '1', 2, 16 * 1_048_576));
      for (const [model, sum] of [
        ['small', [2, 3]],
        ['large', [3, 4]],
        ['small', [2, 3]],
      ] as const) {
        const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }];
        const answer = await pop.send('POST', `/v2/models/${model}/infer`, { inputs });
        expect(answer.status, new TextDecoder().decode(answer.bytes)).toBe(200);
        expect(answer.json<{ outputs: { data: number[] }[] }>().outputs[0]?.data).toEqual(sum);
      }
    } finally {
      await pop.stop();
    }
  });

  it('holds no use of shared memory, but for the two tries whether there is any', async () => {
    const tries = ['"SharedArrayBuffer"in globalThis', 'initial:1,maximum:1,shared:!0'];
    const { modules } = await bundleWorker('index');
    for (const { path } of modules.filter(({ type }) => type === 'ESModule')) {
      let source = await readFile(path, 'utf8');
      for (const each of tries) source = source.replace(each, '');
      expect(source).not.toContain('SharedArrayBuffer');
      expect(source).not.toMatch(/shared:\s*(!0|true)/);
    }
  });
});
