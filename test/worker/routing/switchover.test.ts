// A first version of the invariant that a switchover drops no request and mixes no versions: releases while requests run.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { mebibyte } from '../../../registry/mebibytes.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

const versions = Array.from({ length: 8 }, (_, index) => index + 1);
let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ ROUTE_REFRESH_SECONDS: '0' });
  await pop.release(adder('adder', '1', 100, mebibyte));
});
afterAll(() => pop.stop());

test('under load every answer is whole, of one version, and epochs never go down', async () => {
  let running = true;
  let asked = 0;
  const seen = new Set<string>();
  const request = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] });

  const client = async () => {
    let epoch = 0;
    while (running) {
      const answer = await pop.send('POST', '/v2/models/adder/infer', request);
      const text = new TextDecoder().decode(answer.bytes);
      expect(answer.status, text).toBe(200);
      const body = JSON.parse(text) as { model_version: string; outputs: { data: number[] }[] };
      const version = Number(body.model_version);
      // The answer itself tells which version gave it: all that names a version must agree.
      expect(body.outputs[0]?.data).toEqual([1 + version * 100, 2 + version * 100]);
      expect(answer.headers.get('popserve-version')).toBe(body.model_version);
      expect(answer.headers.get('popserve-digest')).toBe(
        adder('adder', body.model_version, version * 100, mebibyte).manifest.artifacts.model.digest,
      );
      expect(Number(answer.headers.get('popserve-epoch'))).toBeGreaterThanOrEqual(epoch);
      epoch = Number(answer.headers.get('popserve-epoch'));
      seen.add(body.model_version);
      asked++;
    }
  };

  const clients = [client(), client(), client(), client()];
  const releases = async () => {
    for (const version of versions.slice(1)) {
      const epoch = await pop.release(adder('adder', String(version), version * 100, mebibyte));
      const answer = await pop.send('POST', '/v2/models/adder/infer', request, { 'popserve-min-epoch': String(epoch) });
      expect(answer.headers.get('popserve-version')).toBe(String(version));
    }
    await pop.route('adder', { action: 'rollback' });
    const [before] = versions.slice(-2);
    const answer = await pop.send('POST', '/v2/models/adder/infer', request, {
      'popserve-min-epoch': String(versions.length + 1),
    });
    expect(answer.headers.get('popserve-version')).toBe(String(before));
  };
  await Promise.race([releases(), Promise.all(clients)]).finally(() => {
    running = false;
  });
  await Promise.all(clients);
  expect(seen.size).toBeGreaterThan(2);
  expect(asked).toBeGreaterThan(versions.length);
});
