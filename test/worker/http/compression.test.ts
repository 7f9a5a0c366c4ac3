// gzip and deflate in both directions, over a raw HTTP client: fetch would undo them unseen.

import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mebibyte } from '../../../registry/mebibytes.ts';
import { encodeInferRequest } from '../../../worker/protocol/encode-request.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ MAX_BODY_MIB: '1', MAX_INFLATED_MIB: '1' });
  await pop.release(adder('adder', '1', 10));
});
afterAll(() => pop.stop());

const small = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] });
const rows = 4000;
const large = JSON.stringify({
  inputs: [{ name: 'x', datatype: 'FP32', shape: [rows, 2], data: Array.from({ length: rows * 2 }, (_, i) => i) }],
});

async function post(body: string | Uint8Array, headers: Record<string, string>) {
  const url = new URL('/v2/models/adder/infer', pop.pop.url);
  const sent = httpRequest(url, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json', ...headers },
  });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, bytes: await buffer(response) };
}

describe('requests', () => {
  test.each([
    ['gzip', gzipSync(small)],
    ['x-gzip', gzipSync(small)],
    ['GZIP', gzipSync(small)],
    ['deflate', deflateSync(small)],
    ['identity', Buffer.from(small)],
  ])('%s', async (encoding, body) => {
    const answer = await post(body, { 'content-encoding': encoding });
    expect(JSON.parse(answer.bytes.toString())).toMatchObject({ outputs: [{ data: [11, 12] }] });
  });

  test('binary tensors: the header length counts bytes of the inflated body', async () => {
    const data = new Uint8Array(new Float32Array([1, 2]).buffer);
    const { body, headers } = encodeInferRequest([{ name: 'x', datatype: 'FP32', shape: [1, 2], data }], {
      binary: true,
    });
    const answer = await post(gzipSync(body), { ...headers, 'content-encoding': 'gzip' });
    expect(JSON.parse(answer.bytes.toString())).toMatchObject({ outputs: [{ data: [11, 12] }] });
  });

  test('what inflates beyond the limit is refused with the limit, and the next request is answered', async () => {
    const bomb = gzipSync(Buffer.alloc(20 * mebibyte));
    expect(bomb.length).toBeLessThan(mebibyte);
    const answer = await post(bomb, { 'content-encoding': 'gzip' });
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.bytes.toString())).toEqual({
      error: 'the gzip body inflates to more than the limit of 1048576 bytes',
    });
    expect((await post(small, {})).status).toBe(200);
  });

  test.each([
    ['no gzip at all', 'gzip', Buffer.from(small)],
    ['gzip that is cut short', 'gzip', gzipSync(large).subarray(0, 500)],
    ['gzip with something behind it', 'gzip', Buffer.concat([gzipSync(small), Buffer.from('{}')])],
    ['an empty body', 'gzip', Buffer.alloc(0)],
    ['gzip announced as deflate', 'deflate', gzipSync(small)],
  ])('%s gets 400', async (_, encoding, body) => {
    const answer = await post(body, { 'content-encoding': encoding });
    expect(answer.status).toBe(400);
    expect(answer.bytes.toString()).toContain(`the body is not ${encoding}, as its Content-Encoding says`);
  });

  test.each(['br', 'gzip, deflate', 'constructor'])('%s gets 415 with what is supported', async (encoding) => {
    const answer = await post(small, { 'content-encoding': encoding });
    expect(answer.status).toBe(415);
    expect(answer.bytes.toString()).toContain('send gzip or deflate');
  });
});

describe('answers', () => {
  test.each([
    ['gzip, deflate', 'gzip', gunzipSync],
    ['deflate', 'deflate', inflateSync],
    ['gzip;q=0, deflate;q=0.5', 'deflate', inflateSync],
  ])('to %s large JSON is sent as %s', async (accepted, encoding, undo) => {
    const answer = await post(large, { 'accept-encoding': accepted });
    expect(answer.headers['content-encoding']).toBe(encoding);
    expect(answer.headers['popserve-version']).toBe('1');
    const { outputs } = JSON.parse(undo(answer.bytes).toString());
    expect(outputs[0].data).toEqual(Array.from({ length: rows * 2 }, (_, i) => i + 10));
  });

  test.each([
    ['no compression is named', large, {}],
    ['deflate is refused', large, { 'accept-encoding': 'deflate;q=0' }],
    ['it is small', small, { 'accept-encoding': 'deflate' }],
  ])('as they are where %s', async (_, body, headers: Record<string, string>) => {
    const answer = await post(body, headers);
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(JSON.parse(answer.bytes.toString())).toMatchObject({ model_name: 'adder' });
  });

  test.each([
    ['metadata', 'GET', '/v2/models/adder', 200],
    ['statistics', 'GET', '/v2/models/stats', 200],
    ['an unknown model', 'GET', '/v2/models/nobody', 404],
    ['a refused inference', 'POST', '/v2/models/adder/infer', 400],
  ])('as they are, whatever is accepted, where they are %s', async (_, method, path, status) => {
    const headers = { 'accept-encoding': 'gzip, deflate' };
    const sent = httpRequest(new URL(path, pop.pop.url), { method, agent: false, headers });
    sent.end(method === 'POST' ? '{}' : undefined);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const text = (await buffer(answer)).toString();
    expect([answer.statusCode, answer.headers['content-encoding']]).toEqual([status, 'identity']);
    expect(answer.headers['cache-control']).toContain('no-transform');
    expect(JSON.parse(text)).toBeTypeOf('object');
  });
});
