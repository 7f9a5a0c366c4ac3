import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BlobInfo } from '../../registry/blob-store.ts';
import { sha256Digest } from '../../registry/digests.ts';
import { collectGarbage } from '../../registry/garbage.ts';
import type { RetiringManifest } from '../../registry/manifest-store.ts';
import type { Digest } from '../../registry/names.ts';
import { Registry } from '../../registry/registry.ts';
import { type LocalStores, startLocalStores } from './local-stores.ts';
import { createMemoryStores } from './memory-stores.ts';
import { sampleRelease, upload } from './sample-release.ts';

let local: LocalStores;
beforeAll(async () => {
  local = await startLocalStores();
});
afterAll(() => local[Symbol.asyncDispose]());

const graceSeconds = 3600;

/** The same registry, as it is so much later. */
async function later(seconds: number): Promise<Registry> {
  await local.stores.pause(seconds * 1000);
  return new Registry({ ...local.stores, now: () => new Date(Date.now() + seconds * 1000) });
}

async function putUnnamed(content: string) {
  const digest = await sha256Digest(content);
  await local.registry.putBlob(digest, new TextEncoder().encode(content), content.length);
  return digest;
}

it('removes blobs that no manifest names once the grace period is over, and reports them', async () => {
  const digest = await putUnnamed('left over');
  const { digest: named, ...release } = await sampleRelease('kept', '1');
  await upload(local.registry, { digest: named, ...release });

  const early = await (await later(graceSeconds - 60)).collectGarbage({ dryRun: false, graceSeconds });
  expect(early).toMatchObject({ blobs: [], bytes: 0, youngBlobs: 1, namedBlobs: 1 });
  expect(await local.registry.hasBlob(digest)).not.toBeNull();

  const report = await (await later(graceSeconds + 60)).collectGarbage({ dryRun: false, graceSeconds });
  expect(report).toEqual({ dryRun: false, blobs: [{ digest, bytes: 9 }], bytes: 9, youngBlobs: 0, namedBlobs: 1 });
  expect(await local.registry.hasBlob(digest)).toBeNull();
  expect(await local.registry.hasBlob(named)).not.toBeNull();
});

it('only reports in a dry run', async () => {
  const digest = await putUnnamed('dry');
  const report = await (await later(graceSeconds + 60)).collectGarbage({ dryRun: true, graceSeconds });
  expect(report).toMatchObject({ dryRun: true, blobs: [{ digest, bytes: 3 }], bytes: 3 });
  expect(await local.registry.hasBlob(digest)).not.toBeNull();
});

it('keeps a blob as long as any version of any model names it', async () => {
  const releases = [
    await sampleRelease('shared-a', '1', 'the same weights'),
    await sampleRelease('shared-a', '2', 'the same weights'),
    await sampleRelease('shared-b', '1', 'the same weights'),
  ];
  const [digest] = releases.map((release) => release.digest);
  if (digest === undefined) throw new Error('expected a release');
  for (const release of releases) await upload(local.registry, release);
  for (const { manifest } of releases) {
    await (await later(graceSeconds + 60)).collectGarbage({ dryRun: false, graceSeconds });
    expect(await local.registry.hasBlob(digest)).not.toBeNull();
    await local.registry.deleteVersion(manifest.model, manifest.version);
  }
  await (await later(graceSeconds + 60)).collectGarbage({ dryRun: false, graceSeconds });
  expect(await local.registry.hasBlob(digest)).toBeNull();
});

it('keeps the golden vectors of a version', async () => {
  const release = await sampleRelease('golden', '1');
  const golden = await putUnnamed('{"cases":[]}');
  const artifacts = { ...release.manifest.artifacts, golden: { digest: golden, bytes: 12 } };
  await upload(local.registry, { ...release, manifest: { ...release.manifest, artifacts } });
  await (await later(graceSeconds + 60)).collectGarbage({ dryRun: false, graceSeconds });
  expect(await local.registry.hasBlob(golden)).not.toBeNull();
});

it('makes a release that lost a blob name it, and completes when repeated', async () => {
  const release = await sampleRelease('lost', '1');
  await upload(local.registry, release);
  await later(graceSeconds);
  await local.stores.blobs.delete([release.digest]);
  await expect(local.registry.putManifest('lost', '1', release.manifest)).rejects.toMatchObject({
    code: 'UNPROCESSABLE',
    message: expect.stringContaining(release.digest),
  });
  await later(1);
  await upload(local.registry, release);
  expect(await local.registry.hasBlob(release.digest)).not.toBeNull();
});

it('takes nothing that a route within the retention names, however often one tries, and all of it after that', async () => {
  const retentionSeconds = 86_400;
  let seconds = 0;
  const now = () => new Date(Date.now() + seconds * 1000);
  const registry = new Registry({ ...local.stores, now, retentionSeconds });
  const releases = await Promise.all(['1', '2', '3'].map((version) => sampleRelease('retained', version)));
  for (const release of releases) await upload(registry, release);
  const by = { actor: 'ann' };
  await registry.appendRoute('retained', { action: 'activate', version: '1' }, by);
  await registry.appendRoute('retained', { action: 'canary', version: '2', percent: 5 }, by);
  seconds += 10 * retentionSeconds;
  // Both were in force until this moment, however long ago their routes were written.
  await registry.appendRoute('retained', { action: 'abort' }, by);
  await registry.appendRoute('retained', { action: 'activate', version: '3' }, by);
  seconds += retentionSeconds - 60;
  for (const version of ['1', '2']) {
    await expect(registry.deleteVersion('retained', version)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(
        new RegExp(`version '${version}' was routed at epoch [23] and is kept .* until 20`),
      ),
    });
  }
  await registry.collectGarbage({ dryRun: false, graceSeconds: 0 });
  for (const { digest } of releases) expect(await registry.hasBlob(digest)).not.toBeNull();
  await registry.appendRoute('retained', { action: 'rollback' }, by);
  await registry.appendRoute('retained', { action: 'activate', version: '3' }, by);
  seconds += retentionSeconds + 60;
  await local.stores.pause(retentionSeconds * 1000);
  for (const version of ['1', '2']) await registry.deleteVersion('retained', version);
  await registry.collectGarbage({ dryRun: false, graceSeconds: 0 });
  expect(await Promise.all(releases.map(({ digest }) => registry.hasBlob(digest)))).toEqual([
    null,
    null,
    expect.anything(),
  ]);
});

const now = new Date('2026-11-23T10:00:00Z');
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000);

/** Collects with blobs and retirements of these ages, seconds; `retiring` is listed anew each time. */
async function collected(ages: Record<string, number>, retiring: () => RetiringManifest[], needed: string[] = []) {
  const stores = createMemoryStores();
  const deleted: string[] = [];
  stores.blobs.list = async function* () {
    for (const [name, age] of Object.entries(ages)) {
      yield { digest: `sha256:${name}`, bytes: 10, storedAt: ago(age) } satisfies BlobInfo;
    }
  };
  stores.blobs.delete = async (digests) =>
    void deleted.push(...digests.map((digest) => digest.slice('sha256:'.length)));
  stores.manifests.listRetiring = async () => retiring();
  const isNeeded = async ({ version }: RetiringManifest) => needed.includes(version);
  const report = await collectGarbage({ ...stores, now, isNeeded }, { dryRun: false, graceSeconds });
  return { deleted, report };
}

const retired = (version: string, age: number, ...blobs: string[]): RetiringManifest => ({
  ...{ model: 'pump', version, sinceAt: ago(age) },
  blobs: blobs.map((name): Digest => `sha256:${name}`),
});

it('takes blobs that are older than the grace period, not those that are as old', async () => {
  const { deleted, report } = await collected({ old: graceSeconds + 1, same: graceSeconds, young: 0 }, () => []);
  expect(deleted).toEqual(['old']);
  expect(report).toEqual({
    ...{ dryRun: false, bytes: 10, youngBlobs: 2, namedBlobs: 0 },
    blobs: [{ digest: 'sha256:old', bytes: 10 }],
  });
});

it('keeps what a retired version names while it may come back: within the grace period, or if it is needed', async () => {
  const age = graceSeconds + 1;
  const ages = { a: age, b: age, c: age, d: age };
  const retiring = [
    retired('1', 0, 'a'),
    retired('2', graceSeconds, 'b'),
    retired('3', age, 'c'),
    retired('4', age, 'd'),
  ];
  const { deleted, report } = await collected(ages, () => retiring, ['4']);
  expect([deleted, report.namedBlobs]).toEqual([['c'], 3]);
});

it('keeps what a version names that is retired, or comes back, while it collects', async () => {
  const ages = { before: graceSeconds + 1, after: graceSeconds + 1 };
  const lists = [[retired('1', 0, 'before')], [retired('2', 0, 'after')]];
  const { deleted } = await collected(ages, () => lists.shift() ?? []);
  expect(deleted).toEqual([]);
});
