// Everything that the stores write is listed, read and put back; nothing else is.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeys } from '../../registry/api-keys.ts';
import { AuditTrail } from '../../registry/audit.ts';
import { canonicalJson } from '../../registry/canonical-json.ts';
import { digestHex, sha256Digest } from '../../registry/digests.ts';
import { manifestText } from '../../registry/manifest.ts';
import { ObjectArchive } from '../../registry/object-archive.ts';
import { readObjectKey } from '../../registry/object-key.ts';
import { R2ApiKeyStore } from '../../registry/r2-api-key-store.ts';
import { writeIntervalMs } from '../../registry/write-rate.ts';
import { type LocalStores, startLocalStores } from './local-stores.ts';
import { uploadVersions } from './sample-release.ts';

let from: LocalStores;
let to: LocalStores;
let source: ObjectArchive;
let target: ObjectArchive;
beforeAll(async () => {
  [from, to] = [await startLocalStores(), await startLocalStores()];
  [source, target] = [new ObjectArchive(from.bucket), new ObjectArchive(to.bucket)];
  await fill(from);
});
afterAll(async () => {
  await from[Symbol.asyncDispose]();
  await to[Symbol.asyncDispose]();
});

const record = {
  ...{ at: '2026-11-24T12:00:00.000Z', requestId: 'r', actor: 'ann', caller: 'operator', address: '' },
  ...{ method: 'POST', path: '/registry/gc', status: 200, change: 'garbage collected', details: {} },
};

/** One object of each kind. */
async function fill({ registry, stores, bucket }: LocalStores): Promise<void> {
  await uploadVersions(registry, 'pump', ['1', '2', '3']);
  await registry.appendRoute('pump', { action: 'activate', version: '1' }, { actor: 'ann' });
  await registry.deleteVersion('pump', '3');
  await stores.trials.begin('pump', '2', { number: 1, by: 'i', pop: 'FRA' });
  await stores.pause(writeIntervalMs);
  await stores.trials.fail('pump', '2', { number: 1, by: 'i', pop: 'FRA' }, 'ran out of memory: 5 €');
  await stores.trials.prove('pump', '1');
  const bytes = new TextEncoder().encode('of an uploader');
  await registry.putBlob(await sha256Digest(bytes), bytes, bytes.length, 'key:f00');
  const keys = new ApiKeys(new R2ApiKeyStore(bucket), () => new Date());
  const { key } = await keys.create({ name: 'press', scopes: ['infer'], models: null, expiresAt: null }, 'ann');
  await keys.revoke(key.id, { actor: 'ann', reason: null });
  await new AuditTrail(bucket).append(record);
  await bucket.put('index/models.json', '{}');
  await bucket.put('somebody-elses.txt', 'x');
}

async function all(archive: ObjectArchive, limit = 1000) {
  const objects = [];
  let after: string | undefined;
  do {
    const page = await archive.list({ after, limit });
    objects.push(...page.objects);
    after = page.next ?? undefined;
  } while (after !== undefined);
  return objects;
}

const kindOf = (key: string) => readObjectKey(key)?.kind;

describe('the list', () => {
  it('has an object of each kind, whatever the length of a page, and nothing that the registry has not made', async () => {
    const objects = await all(source);
    expect(new Set(objects.map(({ key }) => kindOf(key)))).toEqual(
      new Set([
        ...['blob', 'upload', 'version', 'retiring', 'route', 'proven', 'attempt'],
        ...['key', 'revocation', 'audit'],
      ]),
    );
    expect(await all(source, 2)).toEqual(objects);
    for (const { key, bytes } of objects) {
      if (kindOf(key) !== 'blob') expect([key, (await source.read(key)).length]).toEqual([key, bytes]);
    }
  });

  it('tells by the tag when a trial has failed once more', async () => {
    const tag = async () => (await all(source)).find(({ key }) => kindOf(key) === 'attempt')?.etag;
    const before = await tag();
    await from.stores.pause(writeIntervalMs);
    await from.stores.trials.fail('pump', '2', { number: 1, by: 'i', pop: 'FRA' }, 'ran out of memory');
    expect(await tag()).not.toBe(before);
  });
});

describe('putting back', () => {
  it('makes a registry that answers as the first one', async () => {
    for (const { key } of await all(source)) {
      if (kindOf(key) === 'blob') {
        const object = await from.bucket.get(key);
        await to.bucket.put(key, (await object?.arrayBuffer()) ?? '');
      } else expect(await target.restore(key, await source.read(key)), key).toBe(true);
    }
    const mapped = (objects: Awaited<ReturnType<typeof all>>) =>
      objects.map(({ key, bytes, etag }) => ({ key, bytes, etag }));
    expect(mapped(await all(target))).toEqual(mapped(await all(source)));
    const shown = ({ versions, ...rest }: Awaited<ReturnType<typeof from.registry.showModel>>) => ({
      ...rest,
      versions: versions.map(({ storedAt: _, ...version }) => version).sort((a, b) => (a.version < b.version ? -1 : 1)),
    });
    expect(shown(await to.registry.showModel('pump'))).toEqual(shown(await from.registry.showModel('pump')));
    const { attempts } = await to.registry.readTrial('pump', '2');
    expect(attempts).toMatchObject([{ number: 1, by: 'i', pop: 'FRA', failure: 'ran out of memory' }]);
    expect((await to.registry.readTrial('pump', '1')).proven).toBe(true);
    const bytes = new TextEncoder().encode('of an uploader');
    expect(await to.registry.hasBlob(await sha256Digest(bytes), 'key:f00')).not.toBeNull();
  });

  it('changes nothing when it is repeated, and refuses other content', async () => {
    for (const { key } of await all(source)) {
      if (kindOf(key) !== 'blob') expect(await target.restore(key, await source.read(key)), key).toBe(false);
    }
    const { key = '' } = (await all(source)).find((object) => kindOf(object.key) === 'route') ?? {};
    const route = { ...JSON.parse(await source.read(key)), previous: ['2'] };
    await expect(target.restore(key, canonicalJson(route))).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(`${key} is there with other content: sha256:`),
    });
  });

  it('refuses content that does not belong under its key', async () => {
    const manifest = await from.registry.getManifest('pump', '1');
    const keyOf = (kind: string) => async () => (await all(source)).find(({ key }) => kindOf(key) === kind)?.key ?? '';
    const textOf = async (kind: string) => source.read(await keyOf(kind)());
    const refused: [string, string, string][] = [
      ['models/pump/versions/9.json', manifestText(manifest), "expected the version '9' as in the key, got '1'"],
      ['models/other/versions/1.json', manifestText(manifest), "expected the model 'other' as in the key"],
      ['retiring/other/1.json', manifestText(manifest), "expected the model 'other' as in the key"],
      ['models/pump/versions/9.json', JSON.stringify({ ...manifest, zebra: 1 }), 'canonical JSON'],
      ['models/pump/versions/9.json', '{', 'expected JSON'],
      ['models/pump/routes/999999999990', await textOf('route'), "expected the epoch '9' as in the key, got '1'"],
      ['keys/0000000000000000/key.json', await textOf('key'), "expected the id '0000000000000000'"],
      ['keys/0000000000000000/revoked.json', '{}', 'schema'],
      [`audit/0000000000000-${crypto.randomUUID()}.json`, await textOf('audit'), 'expected the time'],
      ['trials/pump/1/attempt-9', '{"by":"i"}', 'pop'],
      ['trials/pump/2/proven', '{}', 'expected no content'],
      [`uploads/${'0'.repeat(64)}/${'0'.repeat(64)}`, '{}', 'expected no content'],
    ];
    for (const [key, text, message] of refused) {
      await expect(target.restore(key, text), key).rejects.toMatchObject({
        code: 'UNPROCESSABLE',
        message: expect.stringContaining(message),
      });
      await expect(target.read(key), key).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
  });

  it('takes no blob, and no key that the registry does not use', async () => {
    const hex = digestHex(await sha256Digest('x'));
    await expect(target.restore(`blobs/sha256/${hex}`, 'x')).rejects.toThrow(`/registry/blobs/sha256:${hex}`);
    for (const key of ['index/models.json', '../x', 'models/../versions/1.json', 'models/a/versions/x.json', '']) {
      await expect(target.restore(key, '{}')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
  });
});

it('never takes a path that leads out of a folder for a key', () => {
  const part = fc.constantFrom(
    'models',
    'routes',
    'versions',
    '..',
    '.',
    '',
    '1.json',
    '999999999998',
    'keys',
    'pump',
    '/',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const key = parts.join('/');
      if (readObjectKey(key) !== null) expect(key.split('/')).not.toContain('..');
    }),
  );
});
