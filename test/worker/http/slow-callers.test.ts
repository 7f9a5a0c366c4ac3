// Callers that declare much and send little or slowly: others are served meanwhile, and a rollback is possible.
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Statistics } from '../../../registry/api/statistics.ts';
import { mebibyte } from '../../../registry/mebibytes.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

const path = '/v2/models/adder/infer';
const good = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };
const binary = 'inference-header-content-length: 0\r\ncontent-type: application/octet-stream\r\n';

let pop: TestPop;
const sockets: Socket[] = [];
beforeAll(async () => {
  pop = await TestPop.start({ MAX_BODY_SECONDS: '20' });
  await pop.release(adder('adder', '1', 1));
  await pop.release(adder('adder', '2', 2));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await expect.poll(held).toBe(0);
});
afterAll(() => pop.stop());

async function memory() {
  return (await pop.send('GET', '/v2/models/stats')).json<Statistics>().popserve_memory;
}

async function held() {
  return (await memory())?.bodies;
}

/** Declares a body, and sends no more than a part of it. */
function hold(address: string, declaredBytes: number, sentBytes: number): Socket {
  const socket = connect(Number(pop.pop.url.port), '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncf-connecting-ip: ${address}\r\n${binary}content-length: ${declaredBytes}\r\n\r\n`,
  );
  socket.write(new Uint8Array(sentBytes));
  return socket;
}

test('two idle connections that declare the largest body and send one byte take nothing from others', async () => {
  for (const address of ['192.0.2.1', '192.0.2.2']) hold(address, 16 * mebibyte, 1);
  await expect.poll(held).toBeGreaterThan(0);
  expect(await held()).toBeLessThan(mebibyte);
  for (let again = 0; again < 20; again++) expect((await pop.send('POST', path, good)).status).toBe(200);
  const large = await pop.send('POST', path, new Uint8Array(8 * mebibyte), { 'inference-header-content-length': '0' });
  expect(large.status).toBe(200);
  await pop.route('adder', { action: 'rollback' });
});

test('small requests and the control plane get room beside those who hold the rest', async () => {
  for (const last of [1, 2, 3, 4, 5]) hold(`192.0.2.${last}`, 16 * mebibyte, 15 * mebibyte);
  await expect.poll(held, { timeout: 20_000 }).toBeGreaterThan(60 * mebibyte);
  const body = new Uint8Array(16 * mebibyte);
  const headers = { 'inference-header-content-length': '0' };
  const large = await pop.send('POST', path, body, { ...headers, 'cf-connecting-ip': '192.0.2.9' });
  expect([large.status, large.headers.get('retry-after')]).toEqual([503, '1']);
  expect((await pop.send('POST', path, good, { 'cf-connecting-ip': '192.0.2.9' })).status).toBe(200);
  await pop.route('adder', { action: 'activate', version: '2' });
});

test('a caller that holds its share already is refused, while another is served', async () => {
  for (let again = 0; again < 3; again++) hold('192.0.2.7', 16 * mebibyte, 15 * mebibyte);
  await expect.poll(held, { timeout: 20_000 }).toBeGreaterThan(30 * mebibyte);
  const body = new Uint8Array(14 * mebibyte);
  const send = (address: string) =>
    pop.send('POST', path, body, { 'inference-header-content-length': '0', 'cf-connecting-ip': address });
  expect((await send('192.0.2.7')).status).toBe(429);
  expect((await send('192.0.2.8')).status).not.toBe(429);
});

test('an answer counts until its reader has taken it or gone, and the metrics tell it by purpose', async () => {
  const bytes = 12 * mebibyte;
  const socket = hold('192.0.2.20', bytes, bytes);
  socket.once('data', () => socket.pause());
  await expect.poll(async () => (await memory())?.answers).toBeGreaterThan(bytes);
  expect(await held()).toBe(0);
  const { bytes: text } = await pop.operate('GET', '/metrics');
  expect(new TextDecoder().decode(text)).toMatch(
    /popserve_isolate_memory_bytes\{pop="local",purpose="answers"\} 12[0-9]{6}/,
  );
  socket.destroy();
  await expect.poll(async () => (await memory())?.answers).toBe(0);
});
