// A version's tokenizer, through the real Worker: it is part of the version, and one that cannot be loaded replaces nothing.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { tokenizerArtifact } from '../../../scripts/publish/pipeline/tokenizer.ts';
import { sha256, TestPop } from '../../harness/pop.ts';
import type { SmallPublication } from '../../harness/small-models.ts';
import { moods, wordTokenizer } from '../../harness/texts/word-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ ROUTE_REFRESH_SECONDS: '0', GC_GRACE_SECONDS: '0' });
});
afterAll(() => pop.stop());

/** The same version with a tokenizer of its own bytes. */
function withPadding(release: SmallPublication, pad_type_id: number): SmallPublication {
  const padding = { direction: 'Right', pad_id: 0, pad_type_id };
  const { bytes } = tokenizerArtifact({ ...wordTokenizer, padding }, null, null);
  const tokenizer = { digest: sha256(bytes), bytes: bytes.length };
  const { manifest, blobs } = release;
  const { digest } = manifest.artifacts.model;
  return {
    manifest: { ...manifest, artifacts: { ...manifest.artifacts, tokenizer } },
    blobs: [...blobs.filter((blob) => blob.digest === digest), { digest: tokenizer.digest, bytes }],
  };
}

const json = { 'content-type': 'application/json' };

async function ask(path: string, text = 'a good film') {
  const { status, headers, ...answer } = await pop.send('POST', `/v2/models/${path}/infer`, { inputs: text }, json);
  return { status, version: headers.get('popserve-version'), body: answer.json<{ error?: string }>() };
}

async function damage({ manifest }: SmallPublication): Promise<void> {
  const bucket = await pop.pop.miniflare.getR2Bucket('MODELS');
  const { digest = '', bytes = 0 } = manifest.artifacts.tokenizer ?? {};
  await bucket.put(`blobs/sha256/${digest.slice('sha256:'.length)}`, new Uint8Array(bytes));
}

describe('a tokenizer', () => {
  test('that is damaged keeps a route back, and the version before it serves', async () => {
    await pop.release(moods('damaged', '1'));
    expect((await ask('damaged')).status).toBe(200);
    const next = withPadding(moods('damaged', '2'), 1);
    await pop.release(next, false);
    await damage(next);
    await pop.route('damaged', { action: 'activate', version: '2' });
    await vi.waitFor(async () => {
      expect(await ask('damaged')).toMatchObject({ status: 200, version: '1' });
      expect(pop.logs).toContainEqual(expect.objectContaining({ event: 'tokenizer-unavailable' }));
    });
    const { digest } = next.manifest.artifacts.tokenizer ?? {};
    expect(await ask('damaged/versions/2')).toMatchObject({
      status: 503,
      body: {
        error: expect.stringContaining(`the tokenizer of damaged 2 failed to load: blob ${digest} is corrupt`),
      },
    });
    const ready = async (version: string) =>
      (await pop.send('GET', `/v2/models/damaged/versions/${version}/ready`)).status;
    expect([await ready('1'), await ready('2')]).toEqual([200, 503]);
    expect(await ask('damaged')).toMatchObject({ status: 200, version: '1' });
  });

  test('is loaded before its version takes over', async () => {
    await pop.release(moods('warm', '1'));
    await ask('warm');
    const next = withPadding(moods('warm', '2'), 2);
    await pop.release(next, false);
    await pop.takeOver('warm', { action: 'activate', version: '2' });
    const { digest } = next.manifest.artifacts.tokenizer ?? {};
    expect(pop.logs).toContainEqual(expect.objectContaining({ event: 'tokenizer-loaded', digest, from: 'registry' }));
    expect(await ask('warm')).toMatchObject({ status: 200, version: '2' });
  });

  test('has to be in the registry before its version is', async () => {
    const { manifest, blobs } = withPadding(moods('missing', '1'), 3);
    const { digest } = manifest.artifacts.tokenizer ?? {};
    const operator = { authorization: `Bearer ${pop.pop.token}` };
    for (const blob of blobs.filter((one) => one.digest !== digest)) {
      await pop.send('PUT', `/registry/blobs/${blob.digest}`, blob.bytes, operator);
    }
    const answer = await pop.send('PUT', '/registry/models/missing/versions/1', manifest, operator);
    expect([answer.status, answer.json()]).toEqual([
      422,
      { error: expect.stringContaining(`artifacts.tokenizer: blob ${digest} is not in the registry`) },
    ]);
  });

  test('stays as long as its version does', async () => {
    const release = withPadding(moods('kept', '1'), 4);
    await pop.release(release, false);
    const digest = release.manifest.artifacts.tokenizer?.digest;
    const collect = async () => {
      const operator = { authorization: `Bearer ${pop.pop.token}` };
      const report = await pop.send('POST', '/registry/gc', { dryRun: true }, operator);
      return report.json<{ blobs: { digest: string }[] }>().blobs.map((blob) => blob.digest);
    };
    expect(await collect()).not.toContain(digest);
    const operator = { authorization: `Bearer ${pop.pop.token}` };
    expect((await pop.send('DELETE', '/registry/models/kept/versions/1', undefined, operator)).status).toBe(200);
    await vi.waitFor(async () => expect(await collect()).toContain(digest));
  });
});

test('hostile texts are answered or refused, and the next request is answered', async () => {
  await pop.release(moods('hostile', '1'));
  const letters = 'a'.repeat(32 * 1024 * 1024);
  const cases: readonly (readonly [string, number])[] = [
    [letters, 413],
    ['a'.repeat(131_073), 413],
    ['a'.repeat(131_072), 200],
    ['\u0301\u0323'.repeat(32_768), 200],
    ['\ud800'.repeat(20_000), 200],
    ['\0'.repeat(20_000), 200],
    ['\u202eאב '.repeat(10_000), 200],
    ['', 200],
  ];
  for (const [text, status] of cases) {
    const answer = await ask('hostile', text);
    expect([text.slice(0, 10), text.length, answer.status]).toEqual([text.slice(0, 10), text.length, status]);
    expect((await ask('hostile')).status).toBe(200);
  }
});
