// Tries of a platform that lacks things or fails: each tells of itself, and none keeps the others away.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { PlatformProbe } from '../../../registry/api/platform.ts';
import { projectRoot } from '../../../scripts/build/project.ts';

// Its types are the platform's, which tests do not have.
const { probePlatform } = (await import(join(projectRoot, 'worker/http/platform-probes.ts'))) as {
  probePlatform: (platform: object) => Promise<PlatformProbe[]>;
};

test('a platform whose storage fails in every call, and that says nothing of itself, is described all the same', async () => {
  const away = () => Promise.reject(new Error('storage is away'));
  const broken = () => {
    throw new Error('no such binding');
  };
  const probes = await probePlatform({
    bucket: { head: away, put: away, delete: broken },
    routeCopies: { getWithMetadata: broken, put: away, delete: away },
    cache: { match: away, put: broken, delete: away },
    request: new Request('https://pop.example.com/registry/probe'),
  });
  const of = (name: string) => probes.find((probe) => probe.name === name);
  expect(of('place.colo')).toEqual({ name: 'place.colo', value: null, error: null });
  expect(of('engine.compatibilityFlags')).toMatchObject({ value: null, error: expect.stringContaining('Cloudflare') });
  expect(of('cache.keeps')).toMatchObject({ value: null, error: 'Error: no such binding' });
  expect(of('r2.absentHeadMs')).toMatchObject({ value: null, error: 'Error: storage is away' });
  expect(of('r2.secondWriteInASecond')).toMatchObject({ value: 'refused: storage is away', error: null });
  expect(of('storage.tidied')).toMatchObject({ value: null, error: 'Error: no such binding' });
  expect(of('wasm.simd')).toMatchObject({ value: true });
});
