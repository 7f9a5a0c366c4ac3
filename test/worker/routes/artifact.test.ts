// The artifact of a version over the data plane: the bytes themselves, ranges, conditions, and who may not have them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../../worker/config.ts';
import { sha256, TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';
import { sentences } from '../../harness/texts/word-models.ts';

const first = adder('adder', '1', 10);
const second = adder('adder', '2', 20);
const [bytes, digest] = [first.blobs[0]?.bytes ?? new Uint8Array(), first.manifest.artifacts.model.digest];
const path = '/v2/models/adder/versions/1/artifact';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ ARTIFACT_DOWNLOADS: 'adder,texts' });
  await pop.release(first, false);
  await pop.release(second);
});
afterAll(() => pop.stop());

test('a version by its name, an alias and the default give the bytes that they stand for', async () => {
  for (const [at, version, publication] of [
    [path, '1', first],
    ['/v2/models/adder/versions/stable/artifact', '2', second],
    ['/v2/models/adder/artifact', '2', second],
  ] as const) {
    const answer = await pop.send('GET', at);
    expect(answer.status).toBe(200);
    const expected = publication.manifest.artifacts.model.digest;
    expect(sha256(answer.bytes)).toBe(expected);
    expect(answer.headers.get('etag')).toBe(`"${expected}"`);
    expect(answer.headers.get('popserve-digest')).toBe(expected);
    expect(answer.headers.get('popserve-version')).toBe(version);
    expect(answer.headers.get('popserve-epoch')).toBe('1');
    expect(answer.headers.get('popserve-format')).toBe('onnx');
    expect(answer.headers.get('cache-control')).toBe('private, no-cache');
  }
});

test('with its digest an artifact may be kept for ever, and no other one is given', async () => {
  const answer = await pop.send('GET', `${path}?digest=${digest}`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
  const other = await pop.send('GET', `/v2/models/adder/artifact?digest=${digest}`);
  expect(other.status).toBe(404);
  expect(other.json()).toEqual({
    error: `version '2' of 'adder' is made of ${second.manifest.artifacts.model.digest}`,
  });
  expect((await pop.send('GET', `${path}?digest=md5:1`)).status).toBe(400);
});

test('a tokenizer is given by its digest, to those who may have the model', async () => {
  const texts = sentences('texts', '1');
  await pop.release(texts);
  await pop.release(sentences('closed', '1'));
  const tokenizer = texts.manifest.artifacts.tokenizer?.digest ?? '';
  const answer = await pop.send('GET', `/v2/models/texts/artifact?digest=${tokenizer}`);
  expect([answer.status, sha256(answer.bytes)]).toEqual([200, tokenizer]);
  expect(answer.headers.get('popserve-digest')).toBe(tokenizer);
  expect(answer.headers.get('popserve-format')).toBeNull();
  expect(answer.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
  const model = await pop.send('GET', '/v2/models/texts/artifact');
  expect(sha256(model.bytes)).toBe(texts.manifest.artifacts.model.digest);
  const other = await pop.send('GET', `/v2/models/texts/artifact?digest=${digest}`);
  expect([other.status, other.json()]).toEqual([
    404,
    { error: expect.stringContaining(`and the tokenizer ${tokenizer}`) },
  ]);
  expect((await pop.send('GET', `/v2/models/closed/artifact?digest=${tokenizer}`)).status).toBe(403);
});

test('HEAD tells length and digest without the bytes', async () => {
  const answer = await pop.send('HEAD', path);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-length')).toBe(String(bytes.length));
  expect(answer.headers.get('etag')).toBe(`"${digest}"`);
});

describe('ranges and conditions', () => {
  const range = 'bytes=4-9';

  test('a range gives its bytes', async () => {
    const answer = await pop.send('GET', path, undefined, { range });
    expect(answer.status).toBe(206);
    expect(answer.headers.get('content-range')).toBe(`bytes 4-9/${bytes.length}`);
    expect(answer.bytes).toEqual(bytes.slice(4, 10));
  });

  test('a range outside is refused with the length', async () => {
    const answer = await pop.send('GET', path, undefined, { range: 'bytes=9999999-' });
    expect(answer.status).toBe(416);
    expect(answer.headers.get('content-range')).toBe(`bytes */${bytes.length}`);
    expect(answer.json()).toEqual({ error: `expected a range within ${bytes.length} bytes` });
  });

  test('a download that was begun on other bytes starts over', async () => {
    const same = await pop.send('GET', path, undefined, { range, 'if-range': `"${digest}"` });
    expect(same.status).toBe(206);
    const other = await pop.send('GET', path, undefined, { range, 'if-range': '"sha256:other"' });
    expect(other.status).toBe(200);
    expect(sha256(other.bytes)).toBe(digest);
  });

  test.each([`"${digest}"`, `"other", W/"${digest}"`, '*'])('If-None-Match %s: not again', async (tag) => {
    const answer = await pop.send('GET', path, undefined, { 'if-none-match': tag });
    expect(answer.status).toBe(304);
    expect(answer.bytes.length).toBe(0);
    expect(answer.headers.get('popserve-digest')).toBe(digest);
  });

  test('If-None-Match with another tag gives the bytes', async () => {
    expect((await pop.send('GET', path, undefined, { 'if-none-match': '"other"' })).status).toBe(200);
  });
});

test('a model that the setting does not name is not handed out', async () => {
  await pop.release(adder('secret', '1', 1));
  const answer = await pop.send('GET', '/v2/models/secret/versions/1/artifact');
  expect(answer.status).toBe(403);
  expect(answer.json()).toEqual({ error: "the artifact of model 'secret' is not for download here" });
});

test.each([
  [undefined, []],
  ['', []],
  ['off', []],
  ['adder, pump', ['adder', 'pump']],
])('ARTIFACT_DOWNLOADS %s allows %j', (setting, models) => {
  const { artifactDownloads } = parseConfig({ ARTIFACT_DOWNLOADS: setting });
  expect([...artifactDownloads]).toEqual(models);
});

test('ARTIFACT_DOWNLOADS on allows all', () => {
  expect(parseConfig({ ARTIFACT_DOWNLOADS: 'on' }).artifactDownloads).toBe('*');
});
