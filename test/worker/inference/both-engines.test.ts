// Both engines through the real Workers of two PoPs: the same answers from a converted net as from its original, and the engine in the
// header.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { residualInput, residualNet } from '../../../scripts/checks/engines/made-nets.ts';
import { type Network, startPops } from '../../../scripts/local-pop/pop.ts';
import { Random } from '../../../scripts/random.ts';
import { convertedVersion } from '../../harness/litert-engine.ts';
import { TestPop } from '../../harness/pop.ts';

let network: Network;
let pop: TestPop;
beforeAll(async () => {
  const places = [
    { pop: 'FRA', region: 'EU' },
    { pop: 'SIN', region: 'AS' },
  ] as const;
  const settings = { ROUTE_REFRESH_SECONDS: '0' };
  network = await startPops({ directory: null, port: 0, settings, litert: 'own' }, places);
  pop = TestPop.of(network);
});
afterAll(() => pop.stop());

const count = residualInput.reduce<number>((product, size) => product * size, 1);
const random = new Random(11);
const data = Array.from({ length: count }, () => random.normal(0, 1));
const question = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: residualInput, data }] });

async function ask(
  place: string,
  epoch: number,
): Promise<{ version: string; engine: string | null; numbers: number[] }> {
  const url = new URL('/v2/models/residual/infer', network.urls.get(place));
  const headers = { 'popserve-min-epoch': String(epoch), connection: 'close' };
  const answer = await fetch(url, { method: 'POST', body: question, headers });
  expect(answer.status).toBe(200);
  const { outputs } = (await answer.json()) as { outputs: { data: number[] }[] };
  return {
    version: answer.headers.get('popserve-version') ?? '',
    engine: answer.headers.get('popserve-engine'),
    numbers: outputs[0]?.data ?? [],
  };
}

test('a net answers the same in both, at each PoP, and after each switch between them', async () => {
  const shapes = { output: 'probabilities', shape: residualInput, outputShape: [1, 10], heapBytes: 8_000_000 };
  const converted = await convertedVersion('residual', '2', residualNet(), shapes);
  const { manifest, blobs } = await convertedVersion('residual', '1', residualNet(), shapes);
  const { tflite: _, ...artifacts } = manifest.artifacts;
  const { litert: __, ...runtime } = manifest.runtime;
  let epoch = await pop.release({ manifest: { ...manifest, artifacts, runtime }, blobs });
  const plain = await ask('FRA', epoch);
  expect(plain).toMatchObject({ version: '1', engine: null });
  expect(plain.numbers).toHaveLength(10);
  await pop.release(converted, false);
  epoch = await pop.takeOver('residual', { action: 'activate', version: '2' });
  for (const place of ['FRA', 'SIN']) {
    const own = await ask(place, epoch);
    expect(own).toMatchObject({ version: '2', engine: 'litert' });
    for (const [index, value] of own.numbers.entries())
      expect(value).toBeCloseTo(plain.numbers[index] ?? Number.NaN, 4);
  }
  epoch = await pop.takeOver('residual', { action: 'rollback' });
  expect(await ask('SIN', epoch)).toMatchObject({ version: '1', engine: null });
});
