// One suite for the stores on R2 and KV and for the ones in memory, which other tests use in their place.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256Digest } from '../../registry/digests.ts';
import { manifestDigest, manifestText } from '../../registry/manifest.ts';
import type { Digest } from '../../registry/names.ts';
import type { Route } from '../../registry/route.ts';
import { writeIntervalMs, writePatiently } from '../../registry/write-rate.ts';
import { type LocalStores, startLocalStores } from './local-stores.ts';
import { createMemoryStores } from './memory-stores.ts';
import { sampleRelease } from './sample-release.ts';
import type { TimedStores } from './write-rate-double.ts';

let local: LocalStores;
beforeAll(async () => {
  local = await startLocalStores();
});
afterAll(() => local[Symbol.asyncDispose]());

const memory = createMemoryStores();
const kinds: [string, () => TimedStores][] = [
  ['R2 and KV', () => local.stores],
  ['memory', () => memory],
];

const utf8 = (content: string) => new TextEncoder().encode(content);
const textOf = (body: unknown) => new Response(body as ReadableStream).text();

const routeOf = (model: string, epoch: number): Route => ({
  schema: 1,
  model,
  epoch,
  aliases: { stable: '1' },
  previous: [],
  rollout: null,
  shadow: null,
  audit: { actor: 'ann', at: '2026-11-23T10:00:00.000Z', action: 'activate' },
});

describe.each(kinds)('stores on %s', (_kind, stores) => {
  const aSecondLater = () => stores().pause(writeIntervalMs);
  /** Repeats what is refused because another wrote the key within the second. */
  const patiently = <T>(write: () => Promise<T>) => writePatiently(stores().pause, write);

  it('keep a blob under its digest and give it back, whole and in part', async () => {
    const { blobs } = stores();
    const digest = await sha256Digest('weights');
    expect(await blobs.create(digest, utf8('weights'))).toBe(true);
    expect(await textOf((await blobs.get(digest))?.body)).toBe('weights');
    const part = await blobs.get(digest, { offset: 2, length: 3 });
    expect(await textOf(part?.body)).toBe('igh');
    expect(part?.bytes).toBe(7);
  });

  it('refuse bytes of another digest and keep nothing of them', async () => {
    const { blobs } = stores();
    const digest = await sha256Digest('what was announced');
    await expect(blobs.create(digest, utf8('what came'))).rejects.toMatchObject({
      code: 'UNPROCESSABLE',
      message: expect.stringContaining(digest),
    });
    expect(await blobs.head(digest)).toBeNull();
    await aSecondLater();
    expect(await blobs.create(digest, utf8('what was announced'))).toBe(true);
  });

  it('remember who has sent a blob, and take its bytes again only if they are the same', async () => {
    const { blobs } = stores();
    const digest = await sha256Digest('sent twice');
    await blobs.create(digest, utf8('sent twice'));
    expect(await blobs.isUploadedBy(digest, 'key:a')).toBe(false);
    await aSecondLater();
    await expect(blobs.confirm(digest, utf8('sent twicE'))).rejects.toMatchObject({ code: 'UNPROCESSABLE' });
    await aSecondLater();
    await blobs.confirm(digest, utf8('sent twice'));
    expect(await textOf((await blobs.get(digest))?.body)).toBe('sent twice');
    await blobs.addUploader(digest, 'key:a');
    await blobs.addUploader(digest, 'key:a');
    expect(await blobs.isUploadedBy(digest, 'key:a')).toBe(true);
    expect(await blobs.isUploadedBy(digest, `jwt:${'ü'.repeat(5000)}`)).toBe(false);
  });

  it('keep a blob once, whoever is first', async () => {
    const digest = await sha256Digest('once');
    const create = () => patiently(() => stores().blobs.create(digest, utf8('once')));
    const racing = await Promise.all(Array.from({ length: 8 }, create));
    expect(racing.filter((stored) => stored)).toHaveLength(1);
  });

  it('list and delete blobs', async () => {
    const { blobs } = stores();
    const digest = await sha256Digest('listed');
    await blobs.create(digest, utf8('listed'));
    expect(await Array.fromAsync(blobs.list())).toContainEqual(expect.objectContaining({ digest, bytes: 6 }));
    await aSecondLater();
    await blobs.delete([digest]);
    expect(await blobs.head(digest)).toBeNull();
    expect(await blobs.get(digest)).toBeNull();
  });

  it('answer null for what is not there', async () => {
    const { blobs, manifests, routes, copies } = stores();
    const absent: Digest = `sha256:${'0'.repeat(64)}`;
    expect(await blobs.head(absent)).toBeNull();
    expect(await blobs.get(absent)).toBeNull();
    expect(await manifests.get('absent', '1')).toBeNull();
    expect(await manifests.listVersions('absent')).toEqual({ versions: [], retired: [], damaged: [] });
    expect(await routes.newest('absent')).toBeNull();
    expect(await routes.get('absent', 1)).toBeNull();
    expect(await copies.get('absent')).toBeNull();
  });

  it('keep a manifest that a second one does not replace', async () => {
    const { manifests } = stores();
    const { manifest } = await sampleRelease('store-once', '1');
    expect(await manifests.create(manifest)).toBe(true);
    expect(await manifests.create({ ...manifest, notes: ['other'] })).toBe(false);
    expect(await manifests.get('store-once', '1')).toBe(manifestText(manifest));
  });

  it('list versions with the digests of manifest and blobs', async () => {
    const { manifests } = stores();
    const { manifest, digest } = await sampleRelease('store-list', '1.json');
    await manifests.create(manifest);
    expect(await manifests.listVersions('store-list')).toEqual({
      versions: [
        { version: '1.json', digest: await manifestDigest(manifest), blobs: [digest], storedAt: expect.any(Date) },
      ],
      retired: [],
      damaged: [],
    });
  });

  it('keep models apart whose names begin alike', async () => {
    const { manifests } = stores();
    const names = ['near', 'near-by', 'near.by', 'nearby'];
    for (const model of names) await manifests.create((await sampleRelease(model, '1')).manifest);
    expect((await manifests.listVersions('near')).versions).toHaveLength(1);
    const models = await manifests.listModels();
    expect(models.filter((model) => model.startsWith('near')).sort()).toEqual(names);
    await aSecondLater();
    await manifests.retire((await sampleRelease('near', '1')).manifest);
    expect(await manifests.get('near', '1')).toBeNull();
    expect(await manifests.get('nearby', '1')).not.toBeNull();
  });

  it('keep a manifest that is being retired aside, to give it back or to let it go', async () => {
    const { manifests } = stores();
    const { manifest, digest } = await sampleRelease('retiring', '1.json');
    const aside = async () => (await manifests.listRetiring()).filter(({ model }) => model === 'retiring');
    for (const restore of [true, false]) {
      await aSecondLater();
      await manifests.create(manifest);
      await aSecondLater();
      await manifests.retire(manifest);
      expect(await manifests.get('retiring', '1.json')).toBeNull();
      expect(await manifests.listVersions('retiring')).toEqual({ versions: [], retired: ['1.json'], damaged: [] });
      const each = { model: 'retiring', version: '1.json', blobs: [digest], sinceAt: expect.any(Date) };
      expect(await aside()).toEqual([each]);
      await aSecondLater();
      await manifests.settleRetirement('retiring', '1.json', { restore });
      expect(await manifests.get('retiring', '1.json')).toBe(restore ? manifestText(manifest) : null);
      expect(await aside()).toEqual([]);
    }
  });

  it('keep the name of a retired version for its content', async () => {
    const { manifests } = stores();
    const { manifest } = await sampleRelease('taken', '1.json');
    const tombstone = { digest: await manifestDigest(manifest), at: expect.any(String) };
    expect(await manifests.getTombstone('taken', '1.json')).toBeNull();
    await manifests.create(manifest);
    expect(await manifests.getTombstone('taken', '1.json')).toBeNull();
    await aSecondLater();
    await manifests.retire(manifest);
    await aSecondLater();
    await manifests.settleRetirement('taken', '1.json', { restore: false });
    expect(await manifests.getTombstone('taken', '1.json')).toEqual(tombstone);
    expect(await manifests.listModels()).toContain('taken');
    expect(await manifests.create({ ...manifest, notes: ['other'] })).toBe(false);
    expect(await manifests.get('taken', '1.json')).toBeNull();
    expect(await manifests.create(manifest)).toBe(true);
    expect(await manifests.create(manifest)).toBe(false);
    expect(await manifests.get('taken', '1.json')).toBe(manifestText(manifest));
    expect(await manifests.getTombstone('taken', '1.json')).toBeNull();
  });

  it('find the newest route of many, past the places where the digits grow', async () => {
    const { routes } = stores();
    for (const epoch of [1, 9, 10, 99, 100, 1000]) {
      expect(await routes.append(routeOf('log-newest', epoch))).toBe(true);
      expect((await routes.newest('log-newest'))?.epoch).toBe(epoch);
    }
    expect(await routes.get('log-newest', 99)).toEqual(routeOf('log-newest', 99));
    expect(await routes.get('log-newest', 98)).toBeNull();
  });

  it('give each epoch to exactly one of twenty writers', async () => {
    const { routes } = stores();
    for (const epoch of [1, 2, 3]) {
      const route = routeOf('log-race', epoch);
      const racing = Array.from({ length: 20 }, (_, index) =>
        patiently(() => routes.append({ ...route, audit: { ...route.audit, actor: `writer ${index}` } })),
      );
      const won = await Promise.all(racing);
      expect(won.filter((each) => each)).toHaveLength(1);
      expect((await routes.get('log-race', epoch))?.audit.actor).toBe(`writer ${won.indexOf(true)}`);
    }
  });

  it('name a model that has a route but no version left', async () => {
    const { manifests, routes } = stores();
    await routes.append(routeOf('only-routed', 1));
    expect(await manifests.listModels()).toContain('only-routed');
  });

  it('keep the attempts of a trial, each begun by one isolate, until the version is proven', async () => {
    const { trials } = stores();
    const attempt = (number: number) => ({ number, by: `isolate-${number}`, pop: 'FRA' });
    expect(await trials.read('tried', '1')).toEqual({ proven: false, attempts: [] });
    const begin = () => patiently(() => trials.begin('tried', '1', attempt(1)));
    const begun = await Promise.all(Array.from({ length: 5 }, begin));
    expect(begun.filter(Boolean)).toHaveLength(1);
    await trials.begin('tried', '1', attempt(2));
    await trials.begin('tried', '1.1', attempt(1));
    await aSecondLater();
    await trials.fail('tried', '1', attempt(2), 'it ran into „unreachable“ 100%');
    expect((await trials.read('tried', '1')).attempts.toSorted((a, b) => a.number - b.number)).toEqual([
      { ...attempt(1), startedAt: expect.any(Date), failure: null },
      { ...attempt(2), startedAt: expect.any(Date), failure: 'it ran into „unreachable“ 100%' },
    ]);
    await aSecondLater();
    await trials.abandon('tried', '1', 1);
    expect((await trials.read('tried', '1')).attempts).toHaveLength(1);
    await aSecondLater();
    await trials.clear('tried', '1');
    await aSecondLater();
    await trials.begin('tried', '1', attempt(1));
    await trials.prove('tried', '1');
    await trials.prove('tried', '1');
    expect(await trials.read('tried', '1')).toMatchObject({ proven: true, attempts: [{ number: 1 }] });
    await aSecondLater();
    await trials.clear('tried', '1');
    expect(await trials.read('tried', '1')).toEqual({ proven: true, attempts: [] });
    expect([await trials.isProven('tried', '1'), await trials.isProven('tried', '1.1')]).toEqual([true, false]);
    expect((await trials.read('tried', '1.1')).attempts).toHaveLength(1);
  });

  it('give back the copy that was put last', async () => {
    const { copies } = stores();
    const { manifest } = await sampleRelease('copied', '1');
    for (const epoch of [1, 2]) {
      const copy = { route: routeOf('copied', epoch), manifests: { '1': manifest }, proven: ['1'] };
      await aSecondLater();
      await copies.put(copy);
      await expect(copies.put(copy)).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 1 });
      expect(await copies.get('copied')).toEqual(copy);
    }
  });
});

describe('storage layout', () => {
  it('is the one that is documented', async () => {
    const { blobs, manifests, routes, copies, trials } = local.stores;
    const { manifest, blob, digest } = await sampleRelease('layout', '1');
    await blobs.create(digest, blob);
    await manifests.create(manifest);
    await routes.append(routeOf('layout', 1));
    await copies.put({ route: routeOf('layout', 1), manifests: { '1': manifest } });
    expect(await local.bucket.head(`blobs/sha256/${digest.slice('sha256:'.length)}`)).not.toBeNull();
    expect(await local.bucket.head('models/layout/versions/1.json')).not.toBeNull();
    expect(await local.bucket.head('models/layout/routes/999999999998')).not.toBeNull();
    await trials.begin('layout', '1', { number: 1, by: 'isolate', pop: 'FRA' });
    expect(await local.namespace.get('route:layout')).not.toBeNull();
    expect(await local.bucket.head('trials/layout/1/attempt-1')).not.toBeNull();
    await trials.prove('layout', '1');
    expect(await local.bucket.head('trials/layout/1/proven')).not.toBeNull();
  });

  it('may hold strange objects beside the blobs', async () => {
    await local.bucket.put('blobs/sha256/README', 'not a blob');
    const { digest: real, blob } = await sampleRelease('beside-strange', '1');
    await local.stores.blobs.create(real, blob);
    const digests = (await Array.fromAsync(local.stores.blobs.list())).map(({ digest }) => digest);
    expect(digests).toContain(real);
    expect(digests.filter((digest) => !/^sha256:[0-9a-f]{64}$/.test(digest))).toEqual([]);
  });

  it('still names the blobs of a manifest whose metadata was lost when the bucket was copied', async () => {
    const { manifest, digest } = await sampleRelease('metadata-lost', '1');
    await local.bucket.put('models/metadata-lost/versions/1.json', manifestText(manifest));
    expect((await local.stores.manifests.listVersions('metadata-lost')).versions).toMatchObject([
      { version: '1', digest: await manifestDigest(manifest), blobs: [digest] },
    ]);
  });

  it('names the key of a route that cannot be read', async () => {
    await local.bucket.put('models/log-damaged/routes/999999999998', '<html>');
    await expect(local.stores.routes.newest('log-damaged')).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('models/log-damaged/routes/999999999998'),
    });
  });

  it.each(['<html>', '{"route":1}'])('takes a copy that cannot be read (%s) for none', async (damaged) => {
    await local.namespace.put('route:copy-damaged', damaged);
    expect(await local.stores.copies.get('copy-damaged')).toBeNull();
  });
});
