// The limit on JSON that is read for one caller: the gate by itself, and through the built Worker.
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { mebibyte } from '../../../registry/mebibytes.ts';
import { WorkGate } from '../../../worker/security/work-gate.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

describe('the gate', () => {
  const clock = { nowMs: 0 };
  const gate = () => new WorkGate(() => clock.nowMs);

  it('lets a caller have 64 MiB read at once, then 8 MiB a second', () => {
    const some = gate();
    for (let times = 0; times < 9; times++) {
      some.pass('a');
      some.charge('a', 8 * mebibyte, false);
    }
    expect(() => some.pass('a')).toThrow('try again in 1 s, or send tensors in the binary form');
    some.pass('b');
    clock.nowMs += 1000;
    some.pass('a');
    clock.nowMs += 3_600_000;
    some.charge('a', 64 * mebibyte, false);
    some.pass('a');
    some.charge('a', 1, false);
    expect(() => some.pass('a')).toThrow('too much JSON from this caller');
  });

  it('counts refused requests 64 times, and lets nobody owe more than two minutes', () => {
    const some = gate();
    some.charge('a', 8 * mebibyte, true);
    expect(() => some.pass('a')).toThrow(expect.objectContaining({ code: 'RATE_LIMITED', retryAfterSeconds: 56 }));
    for (let times = 0; times < 10; times++) some.charge('a', 8 * mebibyte, true);
    expect(() => some.pass('a')).toThrow('try again in 120 s');
    clock.nowMs += 120_000;
    some.pass('a');
  });
});

describe('a server', () => {
  let pop: TestPop;
  beforeAll(async () => {
    pop = await TestPop.start();
    await pop.release(adder('adder', '1', 10));
  });
  afterAll(() => pop.stop());

  const path = '/v2/models/adder/infer';
  const ask = (from: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
    pop.send('POST', path, body, { 'cf-connecting-ip': from, ...headers });
  const rowsOf = (count: number, last = '1') =>
    `{"inputs":[{"name":"x","datatype":"FP32","shape":[${count},2],"data":[${'1,'.repeat(2 * count - 1)}${last}]}]}`;

  test('a caller whose large JSON was refused waits before more of it is read; small requests and others are served', async () => {
    const refused = await ask('192.0.2.1', rowsOf(1_000_000, 'x'));
    expect(refused.status).toBe(400);
    for (const headers of [{}, { 'inference-header-content-length': '100000' }]) {
      const held = await ask('192.0.2.1', rowsOf(1_000_000), headers);
      expect(held.status).toBe(429);
      expect(Number(held.headers.get('retry-after'))).toBeGreaterThan(3);
      expect(held.json()).toEqual({ error: expect.stringContaining('too much JSON from this caller') });
    }
    const gzip = { 'content-encoding': 'gzip' };
    expect((await ask('192.0.2.1', gzipSync(rowsOf(10)), gzip)).status).toBe(429);
    expect((await ask('192.0.2.1', gzipSync(rowsOf(100_000)), gzip)).status).toBe(429);
    expect((await ask('192.0.2.1', rowsOf(10))).status).toBe(200);
    expect((await ask('192.0.2.2', rowsOf(500_000))).status).toBe(200);
  });

  test('a caller whose requests are in order is not held up, compressed or binary', async () => {
    const binary = { 'inference-header-content-length': '0', 'content-type': 'application/octet-stream' };
    for (let times = 0; times < 12; times++) {
      expect((await ask('192.0.2.3', rowsOf(500_000))).status).toBe(200);
      expect((await ask('192.0.2.3', new Uint8Array(8 * 500_000), binary)).status).toBe(200);
    }
    const small = gzipSync(rowsOf(100));
    for (let times = 0; times < 100; times++) {
      expect((await ask('192.0.2.3', small, { 'content-encoding': 'gzip' })).status).toBe(200);
    }
  });

  test('a caller whose small bodies inflate without measure waits after sixteen of them', async () => {
    const bomb = gzipSync(Buffer.alloc(20 * mebibyte, ' '));
    const statuses: number[] = [];
    for (let times = 0; times < 40; times++) {
      statuses.push((await ask('192.0.2.4', bomb, { 'content-encoding': 'gzip' })).status);
    }
    expect(new Set(statuses.slice(0, 16))).toEqual(new Set([413]));
    expect(statuses).toContain(429);
  });

  test('manifests that are refused count likewise, and a rollback still passes', async () => {
    const headers = { authorization: `Bearer ${pop.pop.token}` };
    const manifest = await pop.manifest('adder', '1');
    const wrong = { ...manifest, notes: new Array(200_000).fill(1) };
    const put = () => pop.send('PUT', '/registry/models/adder/versions/2', wrong, headers);
    const [first, second] = [await put(), await put()];
    expect([first.status, second.status]).toEqual([422, 429]);
    expect(await pop.route('adder', { action: 'activate', version: '1' })).toBe(1);
  });
});
