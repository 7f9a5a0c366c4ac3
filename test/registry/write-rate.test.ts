// Every writer of the registry against storage whose keys take one write a second.
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { ApiKeys } from '../../registry/api-keys.ts';
import { AuditTrail } from '../../registry/audit.ts';
import { sha256Digest } from '../../registry/digests.ts';
import { R2ApiKeyStore } from '../../registry/r2-api-key-store.ts';
import { createOnly, putObject } from '../../registry/r2-objects.ts';
import { writeIntervalMs, writeOnce, writePatiently, writeRefused } from '../../registry/write-rate.ts';
import { type LocalStores, startLocalStores } from './local-stores.ts';
import { sampleRelease, upload, uploadVersions } from './sample-release.ts';

let local: LocalStores;
beforeAll(async () => {
  local = await startLocalStores();
});
afterAll(() => local[Symbol.asyncDispose]());

const ann = { actor: 'ann' };
const attempt = { number: 1, by: 'isolate', pop: 'FRA' };
const refused = { code: 'RATE_LIMITED', status: 429, retryAfterSeconds: 1 };

describe('a refused write', () => {
  it.each([
    'put: Reduce your concurrent request rate for the same object. (10058)',
    'KV PUT failed: 429 Too Many Requests',
  ])('is told with the time to repeat it, and its key to the log alone: %s', async (message) => {
    const write = writeOnce('models/pump', () => Promise.reject(new Error(message)));
    await expect(write).rejects.toMatchObject({
      ...{ ...refused, message: expect.not.stringContaining('models/pump') },
      cause: { message: expect.stringContaining("'models/pump'") },
    });
  });

  it('is not what another fault of storage is', async () => {
    const fault = new Error('put: We encountered an internal error. (10001)');
    await expect(writeOnce('models/pump', () => Promise.reject(fault))).rejects.toBe(fault);
  });

  it('is repeated some times, after a second and longer each time, and nothing else is', async () => {
    const pauses: number[] = [];
    const pause = async (ms: number) => void pauses.push(ms);
    await expect(writePatiently(pause, () => Promise.reject(writeRefused('key')))).rejects.toMatchObject(refused);
    expect(pauses.map((ms) => Math.floor(ms / writeIntervalMs))).toEqual([1, 2, 3]);
    const fault = new Error('R2 is away');
    await expect(writePatiently(pause, () => Promise.reject(fault))).rejects.toBe(fault);
    expect(pauses).toHaveLength(3);
  });
});

describe('of two writers of one key', () => {
  test('the second does not create what the first has created', async () => {
    expect(await createOnly(local.strictBucket, 'created', 'first')).toBe(true);
    expect(await createOnly(local.strictBucket, 'created', 'second')).toBe(false);
    expect(await (await local.bucket.get('created'))?.text()).toBe('first');
  });

  test('the second of two that replace is refused', async () => {
    await putObject(local.strictBucket, 'replaced', 'first');
    await expect(putObject(local.strictBucket, 'replaced', 'second')).rejects.toMatchObject(refused);
  });

  test('the second that registers a version gets the answer of one who comes later', async () => {
    const release = await sampleRelease('rate-twice', '1');
    await upload(local.registry, release);
    const other = { ...release.manifest, notes: ['other'] };
    expect(await local.stores.manifests.create(release.manifest)).toBe(false);
    await expect(local.registry.putManifest('rate-twice', '1', other)).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('within one second', () => {
  test('a version is published, activated, tried and proven, and its copy says so', async () => {
    await uploadVersions(local.registry, 'rate-first', ['1']);
    const { copyPending } = await local.registry.appendRoute('rate-first', { action: 'activate', version: '1' }, ann);
    expect(copyPending).toBe(false);
    expect(await local.registry.beginTrial('rate-first', '1', attempt)).toBe(true);
    await local.registry.proveVersion('rate-first', '1');
    expect((await local.registry.readCopy('rate-first'))?.proven).toEqual(['1']);
    expect(await local.registry.readTrial('rate-first', '1')).toEqual({ proven: true, attempts: [] });
  });

  test.each([
    ['fails', 1],
    ['is abandoned', 0],
  ])('a trial begins and %s', async (end, left) => {
    const model = `rate-${end.replace(' ', '-')}`;
    await local.registry.beginTrial(model, '1', attempt);
    if (left === 1) await local.registry.failTrial(model, '1', attempt, 'it broke');
    else await local.registry.abandonTrial(model, '1', 1);
    expect((await local.registry.readTrial(model, '1')).attempts.map(({ failure }) => failure)).toEqual(
      left === 1 ? ['it broke'] : [],
    );
  });

  test('an attempt is abandoned and begun again', async () => {
    await local.registry.beginTrial('rate-again', '1', attempt);
    await local.registry.abandonTrial('rate-again', '1', 1);
    expect(await local.registry.beginTrial('rate-again', '1', attempt)).toBe(true);
  });

  test('a version is registered and retired, and its blob collected', async () => {
    const release = await sampleRelease('rate-retired', '1');
    await upload(local.registry, release);
    await local.registry.deleteVersion('rate-retired', '1');
    await local.stores.pause(writeIntervalMs);
    await local.registry.collectGarbage({ dryRun: false, graceSeconds: 0 });
    expect(await local.registry.hasBlob(release.digest)).toBeNull();
    expect(await local.stores.manifests.listRetiring()).toEqual([]);
  });

  test('a retirement that finds its version routed gives it back', async () => {
    await uploadVersions(local.registry, 'rate-restored', ['1']);
    const { manifest } = await sampleRelease('rate-restored', '1');
    const { manifests } = local.stores;
    const original = manifests.retire.bind(manifests);
    manifests.retire = async (retired) => {
      await original(retired);
      const { route } = await local.registry.appendRoute('rate-other', { action: 'activate', version: '1' }, ann);
      await local.stores.routes.append({ ...route, model: 'rate-restored' });
    };
    await uploadVersions(local.registry, 'rate-other', ['1']);
    const retiring = local.registry.deleteVersion('rate-restored', '1');
    await expect(retiring).rejects.toMatchObject({ code: 'CONFLICT' });
    manifests.retire = original;
    expect(await local.registry.getManifest('rate-restored', '1')).toEqual(manifest);
    expect((await manifests.listRetiring()).filter(({ model }) => model === 'rate-restored')).toEqual([]);
  });

  test('a key is created and revoked twice', async () => {
    const keys = new ApiKeys(new R2ApiKeyStore(local.strictBucket), () => new Date());
    const { key } = await keys.create({ name: 'belt', scopes: ['infer'], models: null, expiresAt: null }, 'ann');
    const by = { actor: 'ann', reason: null };
    expect(await keys.revoke(key.id, by)).toMatchObject({ revoked: true });
    expect(await keys.revoke(key.id, by)).toMatchObject({ revoked: false });
  });

  test('many changes are audited', async () => {
    const trail = new AuditTrail(local.strictBucket);
    const at = new Date().toISOString();
    const record = {
      at,
      requestId: 'r',
      caller: 'admin',
      actor: 'ann',
      address: '',
      method: 'PUT',
      path: '/',
      status: 200,
    };
    for (const change of ['a', 'b', 'c']) await trail.append({ ...record, change, details: {} });
    expect((await trail.list({ limit: 10 })).records).toHaveLength(3);
  });

  test('a blob is proven by a second uploader only after a second', async () => {
    const [content, bytes] = [new TextEncoder().encode('rate blob'), 9];
    const digest = await sha256Digest(content);
    await local.registry.putBlob(digest, content, bytes, 'key:a');
    await expect(local.registry.putBlob(digest, content, bytes, 'key:b')).rejects.toMatchObject(refused);
    await local.stores.pause(writeIntervalMs);
    await local.registry.putBlob(digest, content, bytes, 'key:b');
    expect(await local.registry.hasBlob(digest, 'key:b')).not.toBeNull();
  });
});
