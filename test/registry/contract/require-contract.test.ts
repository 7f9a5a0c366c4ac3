// A version with another contract takes callers over only when the operator says so with a reason.
import { beforeEach, describe, expect, it } from 'vitest';
import { PopserveError } from '../../../registry/errors.ts';
import { Registry } from '../../../registry/registry.ts';
import { type RouteAction, routeActionSchema } from '../../../registry/route-action.ts';
import { createMemoryStores } from '../memory-stores.ts';
import { sampleRelease, upload } from '../sample-release.ts';

const now = () => new Date('2026-11-24T10:00:00Z');
const ann = { actor: 'ann' };

let stores: ReturnType<typeof createMemoryStores>;
let registry: Registry;

beforeEach(async () => {
  stores = createMemoryStores();
  registry = new Registry({ ...stores, now });
  await release('1', 'x');
  await release('2', 'z');
  await release('3', 'x');
  await registry.appendRoute('pump', { action: 'activate', version: '1' }, ann);
});

/** A version with one input of this name. */
async function release(version: string, ...inputs: string[]): Promise<void> {
  const { manifest, ...rest } = await sampleRelease('pump', version);
  const specs = inputs.map((name) => ({ name, datatype: 'FP32' as const, shape: [-1, 4] }));
  await upload(registry, {
    ...rest,
    manifest: { ...manifest, signature: { ...manifest.signature, inputs: specs }, warmup: null },
  });
}

function append(action: RouteAction) {
  return registry.appendRoute('pump', action, ann);
}

const why = { breaking: true, reason: 'all callers were told' } as const;

describe.each<[string, string, RouteAction[], RouteAction]>([
  ['activate', 'stable', [], { action: 'activate', version: '2' }],
  ['canary', 'canary', [], { action: 'canary', version: '2', percent: 5 }],
  ['promote', 'stable', [{ action: 'canary', version: '2', percent: 5, ...why }], { action: 'promote' }],
  ['alias', 'lab', [{ action: 'alias', name: 'lab', version: '3' }], { action: 'alias', name: 'lab', version: '2' }],
  ['shadow', 'shadow', [], { action: 'shadow', version: '2', percent: 10 }],
])('%s', (_, under, before, action) => {
  beforeEach(async () => {
    for (const each of before) await append(each);
  });

  it('is refused with every break, and changes nothing', async () => {
    const standing = await registry.currentRoute('pump');
    const error: unknown = await append(action).catch((fault) => fault);
    expect(error).toMatchObject({ code: 'CONFLICT', status: 409, contract: { next: '2', under } });
    const contract = error instanceof PopserveError ? error.contract : undefined;
    expect(contract?.breaks.map(({ part, name }) => [part, name])).toEqual([
      ['input', "'x'"],
      ['input', "'z'"],
    ]);
    expect(String(error)).toMatch(/version '2' (would break callers of|cannot be compared with) '[13]'/);
    expect(String(error)).toContain("input 'x': FP32 [-1,4] becomes nothing");
    expect(await registry.currentRoute('pump')).toEqual(standing);
  });

  it('goes through if it is meant, and the log keeps how and why', async () => {
    const { route } = await append({ ...action, ...why } as RouteAction);
    expect(route.audit).toMatchObject({ action: action.action, reason: why.reason });
    expect(route.audit.breaking).toEqual([
      expect.stringContaining("input 'x': FP32 [-1,4] becomes nothing"),
      expect.stringContaining("input 'z': nothing becomes FP32 [-1,4]"),
    ]);
    expect((await registry.history('pump', { limit: 1 })).routes).toEqual([route]);
  });
});

describe('a rollback', () => {
  beforeEach(async () => {
    await append({ action: 'activate', version: '2', ...why });
  });

  it('follows the same rule, whether it names its target or not', async () => {
    for (const action of [{ action: 'rollback' }, { action: 'rollback', version: '1' }] satisfies RouteAction[]) {
      await expect(append(action)).rejects.toMatchObject({ contract: { served: '2', next: '1', under: 'stable' } });
    }
    expect(await append({ action: 'rollback', ...why })).toMatchObject({ route: { aliases: { stable: '1' } } });
  });

  it('is never held up by a manifest that is lost or damaged', async () => {
    const { get } = stores.manifests;
    stores.manifests.get = async (model, version) => (version === '2' ? '{"schema": 1}' : get(model, version));
    expect(await append({ action: 'rollback' })).toMatchObject({ route: { aliases: { stable: '1' } } });
  });
});

it('an abort is never compared: everybody gets what the others have', async () => {
  await append({ action: 'canary', version: '2', percent: 5, ...why });
  expect((await append({ action: 'abort' })).route.audit.breaking).toBeUndefined();
});

it('what is said to break callers and does not is not kept as such', async () => {
  const { route } = await append({ action: 'activate', version: '3', ...why });
  expect(route.audit).not.toHaveProperty('breaking');
});

it('a message and the log name 32 breaks, the error has all', async () => {
  await release('4', ...Array.from({ length: 40 }, (_, index) => `x${index}`));
  const error: unknown = await append({ action: 'activate', version: '4' }).catch((fault) => fault);
  expect(error).toMatchObject({
    contract: { breaks: { length: 41 } },
    message: expect.stringContaining('; and 9 more;'),
  });
  const { route } = await append({ action: 'activate', version: '4', ...why });
  expect(route.audit.breaking).toHaveLength(33);
});

it.each([
  ['without a reason', { action: 'activate', version: '2', breaking: true }, 'reason'],
  ['with an empty reason', { action: 'rollback', breaking: true, reason: ' ' }, 'reason'],
  ['of an abort', { action: 'abort', ...why }, 'breaking'],
  ['that is no boolean', { action: 'promote', ...why, breaking: 'yes' }, 'breaking'],
])("'breaking' %s is no action", (_, action, field) => {
  expect(JSON.stringify(routeActionSchema.safeParse(action).error?.issues)).toContain(field);
});
