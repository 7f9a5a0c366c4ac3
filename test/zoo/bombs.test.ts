// Models that ask for memory or time without end: refused when they are published, with the reason, or served such that a
// hostile request gets a clear answer and the isolate goes on.
import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Inspector } from '../../scripts/inspect/inspector.ts';
import { preparePublication } from '../../scripts/validation/prepare-publication.ts';
import { TestPop } from '../harness/pop.ts';
import { adder } from '../harness/small-models.ts';
import { type Ran, runCommand } from '../scripts/cli/captured-host.ts';
import { hasZoo, zooPath } from './zoo.ts';

describe.skipIf(!hasZoo || !existsSync(zooPath('hostile')))('models that ask for too much', () => {
  let pop: TestPop;
  let inspector: Inspector;
  beforeAll(async () => {
    [pop, inspector] = await Promise.all([TestPop.start(), Inspector.start()]);
    await pop.release(adder('neighbour', '1', 10));
  });
  afterAll(async () => {
    await inspector.close();
    await pop.stop();
  });
  afterEach(async () => {
    const answer = await infer('neighbour', { x: ['FP32', [1, 2], [1, 2]] });
    expect(answer, answer.error).toMatchObject({ status: 200, data: [11, 12] });
  });

  function publish(file: string, ...options: string[]): Promise<Ran> {
    return runCommand(
      ['publish', zooPath('hostile', `${file}.onnx`), '--name', file, '--activate', ...options],
      pop.pop.url.href,
      {
        env: { POPSERVE_URL: pop.pop.url.href, POPSERVE_TOKEN: pop.pop.token },
        prepare: (wanted, progress) => preparePublication(wanted, progress, inspector),
      },
    );
  }

  async function infer(model: string, inputs: Record<string, [datatype: string, shape: number[], data: number[]]>) {
    const answer = await pop.send('POST', `/v2/models/${model}/infer`, {
      inputs: Object.entries(inputs).map(([name, [datatype, shape, data]]) => ({ name, datatype, shape, data })),
    });
    const body = answer.json<{ error?: string; outputs?: { shape: number[]; data: number[] }[] }>();
    return { status: answer.status, error: body.error, shape: body.outputs?.[0]?.shape, data: body.outputs?.[0]?.data };
  }

  // The other bombs are refused in the same way: test/scripts/publish/zoo.test.ts.
  test('bomb_constantofshape_8gib is refused when it is published, and nothing is left', {
    timeout: 120_000,
  }, async () => {
    const { status, err } = await publish('bomb_constantofshape_8gib');
    expect(status).toBe(1);
    expect(err).toMatch(/needs more memory than an isolate has: .*32 bits/);
    expect((await infer('bomb_constantofshape_8gib', {})).status).toBe(404);
  });

  test('bomb_expand_by_input: memory that a request asks for and nobody has', { timeout: 120_000 }, async () => {
    expect(await publish('bomb_expand_by_input', '--probe-limit', '0')).toMatchObject({ status: 0 });
    const expand = (side: number) => infer('bomb_expand_by_input', { shape: ['INT64', [2], [side, side]] });
    expect((await expand(1000)).status).toBe(200);
    const full = await expand(8000);
    expect(full.status).toBe(503);
    expect(full.error).toContain('needs more memory than there is');
    const beyond = await expand(100_000);
    expect(beyond.status, beyond.error).toBe(400);
    expect((await expand(1000)).status).toBe(200);
  });

  test('bomb_range_by_input: an answer of a size that a request chooses', { timeout: 120_000 }, async () => {
    expect(await publish('bomb_range_by_input')).toMatchObject({ status: 0 });
    const range = (end: number) =>
      infer('bomb_range_by_input', { a: ['INT64', [], [0]], n: ['INT64', [], [end]], d: ['INT64', [], [1]] });
    expect((await range(1000)).shape).toEqual([1000]);
    for (const end of [20_000_000, 2 ** 40, 2 ** 52]) {
      const answer = await range(end);
      expect([400, 503], answer.error).toContain(answer.status);
      expect(answer.error).toContain("model 'bomb_range_by_input'");
    }
    expect((await range(3)).data).toEqual([0, 1, 2]);
  });

  test('cpu_matmul_chain: time with the cube of the side', { timeout: 120_000 }, async () => {
    const { status, out } = await publish('cpu_matmul_chain', '--probe-limit', '1000');
    expect(status).toBe(0);
    const [, side] = /inputs are limited to 'x' \[(\d+),/.exec(out)?.map(Number) ?? [];
    expect(side).toBeGreaterThanOrEqual(8);
    expect(side).toBeLessThan(1024);
    const square = (n: number) => infer('cpu_matmul_chain', { x: ['FP32', [n, n], new Array(n * n).fill(0)] });
    const large = await square(1024);
    expect(large.status).toBe(413);
    expect(large.error).toBe(`input 'x': axis 0 has 1024, the limit is ${side}, got FP32 [1024,1024]`);
    expect((await square(8)).status).toBe(200);
  });
});
