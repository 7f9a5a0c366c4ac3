import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takeBaseline } from '../../registry/baseline.ts';
import { sha256Digest } from '../../registry/digests.ts';
import { manifestDigest } from '../../registry/manifest.ts';
import type { Registry } from '../../registry/registry.ts';
import { writeIntervalMs, writePatiently } from '../../registry/write-rate.ts';
import { type LocalStores, startLocalStores } from './local-stores.ts';
import { sampleRelease, upload, uploadVersions } from './sample-release.ts';

let local: LocalStores;
let registry: Registry;
beforeAll(async () => {
  local = await startLocalStores();
  registry = local.registry;
});
afterAll(() => local[Symbol.asyncDispose]());

const ann = { actor: 'ann' };
const bob = { actor: 'bob' };
/** As the command does: what is refused because of another's write is repeated. */
const patiently = <T>(call: () => Promise<T>) => writePatiently(local.stores.pause, call);
const failure = (code: string, ...texts: string[]) => ({
  code,
  message: expect.stringMatching(new RegExp(texts.map((text) => `(?=.*${RegExp.escape(text)})`).join(''))),
});

describe('putBlob', () => {
  it('stores once and answers for what is there without reading the body', async () => {
    const digest = await sha256Digest('blob');
    const bytes = new TextEncoder().encode('blob');
    expect(await registry.putBlob(digest, bytes, 4)).toBe(true);
    expect(await registry.putBlob(digest, bytes, 4)).toBe(false);
    expect(await registry.hasBlob(digest)).toMatchObject({ bytes: 4 });
  });

  it('refuses another length for a digest that is there', async () => {
    const digest = await sha256Digest('length');
    await registry.putBlob(digest, new TextEncoder().encode('length'), 6);
    await expect(registry.putBlob(digest, new Uint8Array(9), 9)).rejects.toMatchObject(
      failure('UNPROCESSABLE', digest, '6 bytes', 'body of 9'),
    );
  });

  it('reports a blob that is not there', async () => {
    const digest = await sha256Digest('absent');
    expect(await registry.hasBlob(digest)).toBeNull();
    await expect(registry.getBlob(digest)).rejects.toMatchObject(failure('NOT_FOUND', digest));
  });
});

describe('putManifest', () => {
  it('accepts the same content again, in any order of its members', async () => {
    const release = await sampleRelease('same', '1');
    await registry.putBlob(release.digest, release.blob, release.blob.byteLength);
    const digest = await manifestDigest(release.manifest);
    expect(await registry.putManifest('same', '1', release.manifest)).toEqual({ created: true, digest });
    const reordered = Object.fromEntries(Object.entries(release.manifest).reverse());
    expect(await registry.putManifest('same', '1', reordered)).toEqual({ created: false, digest });
    expect(await registry.getManifest('same', '1')).toEqual(release.manifest);
  });

  it('never changes a version, and says what differs', async () => {
    const release = await sampleRelease('fixed', '1');
    await upload(registry, release);
    const changed = { ...release.manifest, tolerance: { absolute: 1, relative: 1e-4 }, notes: ['x'] };
    await expect(registry.putManifest('fixed', '1', changed)).rejects.toMatchObject(
      failure('CONFLICT', 'tolerance.absolute (0.00001 stored, 1 sent)', 'notes (nothing stored, ["x"] sent)'),
    );
    expect(await registry.getManifest('fixed', '1')).toEqual(release.manifest);
  });

  it('lets exactly one of twenty different manifests of a version win', async () => {
    const release = await sampleRelease('race', '1');
    await registry.putBlob(release.digest, release.blob, release.blob.byteLength);
    const bodies = Array.from({ length: 20 }, (_, index) => ({ ...release.manifest, notes: [`publisher ${index}`] }));
    const results = await Promise.allSettled(
      bodies.map((body) => patiently(() => registry.putManifest('race', '1', body))),
    );
    const won = results.flatMap((result, index) => (result.status === 'fulfilled' ? [index] : []));
    expect(won).toHaveLength(1);
    expect(await registry.getManifest('race', '1')).toEqual(bodies[won[0] ?? -1]);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject(failure('CONFLICT', 'notes'));
    }
  });

  it('stores the same manifest once when twenty put it at the same time', async () => {
    const release = await sampleRelease('chorus', '1');
    await registry.putBlob(release.digest, release.blob, release.blob.byteLength);
    const results = await Promise.all(
      Array.from({ length: 20 }, () => patiently(() => registry.putManifest('chorus', '1', release.manifest))),
    );
    expect(results.filter(({ created }) => created)).toHaveLength(1);
  });

  it('names every blob that is missing or has another size, and stores nothing', async () => {
    const { manifest, blob, digest } = await sampleRelease('blobs', '1');
    await registry.putBlob(digest, blob, blob.byteLength);
    const golden = { digest: await sha256Digest('never uploaded'), bytes: 3 };
    const model = { ...manifest.artifacts.model, bytes: 99 };
    await expect(
      registry.putManifest('blobs', '1', { ...manifest, artifacts: { model, golden } }),
    ).rejects.toMatchObject(failure('UNPROCESSABLE', golden.digest, 'expected a blob of 99 bytes'));
    await expect(registry.getManifest('blobs', '1')).rejects.toMatchObject(
      failure('NOT_FOUND', "model: 'blobs' is not found"),
    );
  });

  it('names every fault of a manifest at once', async () => {
    const { manifest } = await sampleRelease('faults', '1');
    const { tolerance: _, ...rest } = manifest;
    const body = { ...rest, schema: 2, extra: true, runtime: { ...manifest.runtime, onnxruntime: 1 } };
    await expect(registry.putManifest('faults', '1', body)).rejects.toMatchObject(
      failure('UNPROCESSABLE', 'schema', 'extra', 'runtime.onnxruntime', 'tolerance'),
    );
    const input = { name: 'x', datatype: 'FP32', shape: [1] } as const;
    const confused = {
      ...manifest,
      model: 'other',
      signature: { inputs: [input, input], outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 3] }] },
      warmup: [{ name: 'z', shape: [1] }],
      labels: { w: ['no'], y: ['one', 'two'] },
    };
    await expect(registry.putManifest('faults', '1', confused)).rejects.toMatchObject(
      failure(
        'UNPROCESSABLE',
        "'x' is there twice",
        "got 'z'",
        "got 'w'",
        "expected 3 for output 'y', got 2",
        "expected 'faults' as in the URL",
      ),
    );
    await expect(registry.putManifest('faults', '2', manifest)).rejects.toMatchObject(
      failure('UNPROCESSABLE', "version: expected '2' as in the URL, got '1'"),
    );
    await expect(registry.putManifest('faults', '1', '<html>')).rejects.toMatchObject(failure('UNPROCESSABLE'));
  });
});

describe('looking', () => {
  it('shows the newest route and how each version is routed', async () => {
    await uploadVersions(registry, 'shown', ['1', '2', '3']);
    await registry.appendRoute('shown', { action: 'activate', version: '1' }, ann);
    await registry.appendRoute('shown', { action: 'canary', version: '2', percent: 5 }, ann);
    const { route, versions } = await registry.showModel('shown');
    expect(route?.epoch).toBe(2);
    expect(Object.fromEntries(versions.map(({ version, routedAs }) => [version, routedAs]))).toEqual({
      '1': ["alias 'stable'"],
      '2': ["alias 'canary'", 'rollout of 5 %'],
      '3': [],
    });
    expect(await registry.versionNames('shown')).toEqual(versions.map(({ version }) => version));
    expect(await registry.currentRoute('shown')).toEqual(route);
  });

  it('pages through the models in the order of their names', async () => {
    const names = ['page-a', 'page-b', 'page-c', 'page-d', 'page-e'];
    for (const name of names) await uploadVersions(registry, name, ['1']);
    const seen: string[] = [];
    let after = 'page-';
    for (;;) {
      const { models, next } = await registry.listModels({ after, limit: 2 });
      seen.push(...models.map(({ name }) => name));
      if (next === null) break;
      after = next;
    }
    expect(seen.filter((name) => name.startsWith('page-'))).toEqual(names);
    expect(new Set(seen).size).toBe(seen.length);
    const [first] = (await registry.listModels({ after: 'page-', limit: 1 })).models;
    expect(first).toEqual({ name: 'page-a', versions: 1, route: null });
    const some = await registry.listModels({ limit: 1, only: new Set(['page-d', 'page-b', 'page-z']) });
    expect([some.models[0]?.name, some.next]).toEqual(['page-b', 'page-b']);
  });

  it('names what is not there', async () => {
    await uploadVersions(registry, 'half', ['1']);
    await expect(registry.showModel('nobody')).rejects.toMatchObject(
      failure('NOT_FOUND', "model: 'nobody' is not found"),
    );
    await expect(registry.history('nobody', { limit: 5 })).rejects.toMatchObject(failure('NOT_FOUND', "'nobody'"));
    await expect(registry.getManifest('half', '9')).rejects.toMatchObject(failure('NOT_FOUND', "'half' version 9"));
    expect(await registry.currentRoute('nobody')).toBeNull();
    expect(await registry.readNewest('nobody')).toBeNull();
    expect(await registry.history('half', { limit: 5 })).toEqual({ routes: [], next: null });
  });
});

describe('appendRoute', () => {
  it('names the model where that is not there, whatever the action, and every other call of a version does', async () => {
    const missing = failure('NOT_FOUND', "Request for unknown model: 'nobody' is not found");
    for (const action of [
      { action: 'activate', version: '2' },
      { action: 'rollback' },
      { action: 'promote' },
      { action: 'abort' },
    ] as const) {
      await expect(registry.appendRoute('nobody', action, ann)).rejects.toMatchObject(missing);
    }
    await expect(registry.getManifest('nobody', '1')).rejects.toMatchObject(missing);
    await expect(registry.deleteVersion('nobody', '1')).rejects.toMatchObject(missing);
    await expect(registry.retryVersion('nobody', '1')).rejects.toMatchObject(missing);
  });

  it('needs a manifest for the version it names', async () => {
    await uploadVersions(registry, 'unknown-version', ['1']);
    for (const action of [
      { action: 'activate', version: '2' },
      { action: 'rollback', version: '2' },
      { action: 'alias', name: 'lab', version: '2' },
    ] as const) {
      await expect(registry.appendRoute('unknown-version', action, ann)).rejects.toMatchObject(
        failure('NOT_FOUND', "'unknown-version' version 2"),
      );
    }
    expect(await registry.currentRoute('unknown-version')).toBeNull();
  });

  it('writes the route, then the copy with the manifests it names', async () => {
    const release = await sampleRelease('released', '1');
    await upload(registry, release);
    const { route, created, copyPending } = await registry.appendRoute(
      'released',
      { action: 'activate', version: '1', reason: 'first' },
      ann,
    );
    expect({ created, copyPending }).toEqual({ created: true, copyPending: false });
    expect(route.audit).toMatchObject({ actor: 'ann', action: 'activate', reason: 'first' });
    const copy = { route, manifests: { '1': release.manifest } };
    expect(await registry.readCopy('released')).toEqual(copy);
    expect(await registry.readNewest('released')).toEqual(copy);
  });

  it('repeated, changes nothing but puts the copy again', async () => {
    await uploadVersions(registry, 'again', ['1']);
    const first = await registry.appendRoute('again', { action: 'activate', version: '1' }, ann);
    await local.namespace.delete('route:again');
    await local.stores.pause(writeIntervalMs);
    const second = await registry.appendRoute('again', { action: 'activate', version: '1' }, bob);
    expect(second).toEqual({ route: first.route, created: false, copyPending: false });
    expect((await registry.readCopy('again'))?.route).toEqual(first.route);
    expect((await registry.history('again', { limit: 10 })).routes).toHaveLength(1);
  });

  it('refuses an operator who has seen another epoch, naming both', async () => {
    await uploadVersions(registry, 'seen', ['1', '2']);
    const activate = (version: string, ifMatchEpoch: number) =>
      registry.appendRoute('seen', { action: 'activate', version }, { actor: 'ann', ifMatchEpoch });
    await expect(activate('1', 3)).rejects.toMatchObject(failure('CONFLICT', 'expected epoch 3', 'at 0'));
    expect((await activate('1', 0)).route.epoch).toBe(1);
    await expect(activate('2', 0)).rejects.toMatchObject(failure('CONFLICT', 'expected epoch 0', 'at 1'));
    expect((await activate('2', 1)).route.epoch).toBe(2);
  });

  it('lets one of eight racing operators win each epoch, and tells the others whom they lost to', async () => {
    const versions = Array.from({ length: 8 }, (_, index) => String(index));
    await uploadVersions(registry, 'racing', versions);
    const results = await Promise.allSettled(
      versions.map((version) =>
        patiently(() =>
          registry.appendRoute('racing', { action: 'activate', version }, { actor: `op ${version}`, ifMatchEpoch: 0 }),
        ),
      ),
    );
    const [winner, ...others] = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(others).toEqual([]);
    expect(await registry.currentRoute('racing')).toEqual(winner?.route);
    expect(winner?.route.epoch).toBe(1);
    const losers = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    for (const loser of losers) expect(loser).toMatchObject(failure('CONFLICT', 'epoch', '1'));
    expect(losers.some(({ message }) => message.includes(`of ${winner?.route.audit.actor} (activate)`))).toBe(true);
  });
});

describe('a limit on drift', () => {
  it('is refused for a version without a baseline of its inputs', async () => {
    await uploadVersions(registry, 'drifting', ['1', '2']);
    const { signature } = (await sampleRelease('drifting', '3')).manifest;
    const rows = { shape: [3, 4], elements: new Float32Array(12).fill(1) };
    const baseline = takeBaseline(
      signature,
      { tensors: new Map([['x', [rows]]]) },
      { file: 'reference.csv', digest: await sha256Digest('reference'), rows: 3 },
    );
    const measured = await sampleRelease('drifting', '3');
    await upload(registry, { ...measured, manifest: { ...measured.manifest, baseline } });
    await registry.appendRoute('drifting', { action: 'activate', version: '1' }, ann);
    const limits = { drift: 0.2, minRequests: 100 };
    const canary = (version: string) =>
      registry.appendRoute('drifting', { action: 'canary', version, percent: 5, limits }, ann);
    await expect(canary('2')).rejects.toMatchObject(failure('CONFLICT', "version '2' has none"));
    expect((await canary('3')).route.rollout).toMatchObject({ version: '3', limits });
  });
});

describe('rollback', () => {
  const stable = async (model: string) => (await registry.currentRoute(model))?.aliases.stable;
  const rollback = (model: string) => registry.appendRoute(model, { action: 'rollback' }, ann);

  async function activateInTurn(model: string, versions: readonly string[]): Promise<void> {
    await uploadVersions(registry, model, [...new Set(versions)]);
    for (const version of versions) await registry.appendRoute(model, { action: 'activate', version }, ann);
  }

  it('goes back step by step and never forward to what was rolled back from', async () => {
    await activateInTurn('steps', ['1', '2', '3']);
    await rollback('steps');
    expect(await stable('steps')).toBe('2');
    await rollback('steps');
    expect(await stable('steps')).toBe('1');
    await expect(rollback('steps')).rejects.toMatchObject(failure('CONFLICT', "before '1'"));
  });

  it('passes over a version that was retired', async () => {
    await activateInTurn('retired', ['1', '2', '3']);
    await registry.deleteVersion('retired', '2');
    await rollback('retired');
    expect(await stable('retired')).toBe('1');
  });
});

describe('history', () => {
  it('pages from the newest route to the first', async () => {
    await uploadVersions(registry, 'long', ['1', '2']);
    const { route } = await registry.appendRoute('long', { action: 'activate', version: '1' }, ann);
    for (let epoch = 2; epoch <= 25; epoch += 1) await local.stores.routes.append({ ...route, epoch });
    const pages: number[][] = [];
    let before: number | null = 26;
    while (before !== null) {
      const page = await registry.history('long', { before, limit: 10 });
      pages.push(page.routes.map(({ epoch }) => epoch));
      before = page.next;
    }
    expect(pages.map((page) => page.length)).toEqual([10, 10, 5]);
    expect(pages.flat()).toEqual(Array.from({ length: 25 }, (_, index) => 25 - index));
    expect((await registry.history('long', { limit: 1 })).routes[0]?.epoch).toBe(25);
    expect(await registry.history('long', { before: 1, limit: 1 })).toEqual({ routes: [], next: null });
  });
});

describe('deleteVersion', () => {
  it('is refused while the newest route names the version, and says how', async () => {
    await uploadVersions(registry, 'routed', ['1', '2', '3', '4']);
    await registry.appendRoute('routed', { action: 'activate', version: '1' }, ann);
    await registry.appendRoute('routed', { action: 'canary', version: '2', percent: 5 }, ann);
    await registry.appendRoute('routed', { action: 'shadow', version: '3', percent: 10 }, ann);
    await registry.appendRoute('routed', { action: 'alias', name: 'lab', version: '4' }, ann);
    const uses = { '1': "alias 'stable'", '2': 'rollout of 5 %', '3': 'shadow of 10 %', '4': "alias 'lab'" };
    for (const [version, use] of Object.entries(uses)) {
      await expect(registry.deleteVersion('routed', version)).rejects.toMatchObject(failure('CONFLICT', use));
      expect((await registry.getManifest('routed', version)).version).toBe(version);
    }
    await registry.appendRoute('routed', { action: 'alias', name: 'lab', version: null }, ann);
    await registry.deleteVersion('routed', '4');
    await expect(registry.getManifest('routed', '4')).rejects.toMatchObject(failure('NOT_FOUND'));
    await expect(registry.deleteVersion('routed', '4')).rejects.toMatchObject(failure('NOT_FOUND'));
  });

  it('keeps the name for the content that it had, also past a garbage collection', async () => {
    const { manifest, blob, digest } = await sampleRelease('renamed', '9');
    await upload(registry, { manifest, blob, digest });
    await registry.deleteVersion('renamed', '9');
    await local.stores.pause(writeIntervalMs);
    await registry.collectGarbage({ dryRun: false, graceSeconds: 0 });
    expect(await registry.showModel('renamed')).toEqual({ name: 'renamed', route: null, versions: [], retired: ['9'] });
    const other = await sampleRelease('renamed', '9', 'other bytes');
    await expect(upload(registry, other)).rejects.toMatchObject(
      failure('CONFLICT', "'9' was retired at 2", 'other content'),
    );
    await expect(registry.getManifest('renamed', '9')).rejects.toMatchObject(failure('NOT_FOUND'));
    await local.stores.pause(writeIntervalMs);
    await upload(registry, { manifest, blob, digest });
    expect(await registry.getManifest('renamed', '9')).toEqual(manifest);
    expect(await registry.showModel('renamed')).toMatchObject({ versions: [{ version: '9' }], retired: [] });
  });
});
