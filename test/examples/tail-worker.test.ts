// The example of a tail Worker: behind a real Worker in workerd, and with traces as production sends them.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Miniflare } from 'miniflare';
import { expect, test, vi } from 'vitest';
import { projectRoot } from '../../scripts/build/project.ts';
import { eventually } from '../harness/eventually.ts';

const file = join(projectRoot, 'examples/monitoring/tail-worker.js');

interface Tail {
  tail(traces: readonly object[], env: { TIMES?: { writeDataPoint(point: object): void } }): void;
}

function traceOf(path: string, cpuTime: number, status = 200, outcome = 'ok') {
  const event = { request: { url: `https://pop.example.com${path}` }, response: { status } };
  return { outcome, cpuTime, wallTime: cpuTime * 10, event };
}

test('tells the times of inference by model, and of nothing else', async () => {
  const { default: worker } = (await import(file)) as { default: Tail };
  const points: unknown[] = [];
  const lines: unknown[] = [];
  const logged = vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(JSON.parse(String(line))));
  const times = Array.from({ length: 20 }, (_, at) => traceOf('/v2/models/pump/infer', at + 1));
  worker.tail(
    [
      ...times,
      traceOf('/v2/models/pump/versions/2/infer', 100, 503),
      traceOf('/v1/models/press/labels/stable:predict', 3, 200, 'exceededCpu'),
      traceOf('/v2/models/pump', 9),
      traceOf('/metrics', 9),
      { outcome: 'ok', cpuTime: 1, wallTime: 1, event: { cron: '* * * * *' } },
      { outcome: 'ok', event: null },
    ],
    { TIMES: { writeDataPoint: (point) => void points.push(point) } },
  );
  logged.mockRestore();
  expect(lines).toEqual([
    {
      ...{ event: 'times', source: 'platform', model: 'pump', requests: 21, failed: 1 },
      cpuMs: { p50: 11, p95: 20, max: 100 },
      wallMs: { p50: 110, p95: 200, max: 1000 },
    },
    {
      ...{ event: 'times', source: 'platform', model: 'press', requests: 1, failed: 1 },
      cpuMs: { p50: 3, p95: 3, max: 3 },
      wallMs: { p50: 30, p95: 30, max: 30 },
    },
  ]);
  expect(points).toHaveLength(22);
  expect(points[0]).toEqual({ indexes: ['pump'], blobs: ['ok', '200'], doubles: [1, 10] });
});

test('the platform calls it with the traces of the Worker that names it', async () => {
  const lines: string[] = [];
  const miniflare = new Miniflare({
    ...{ host: '127.0.0.1', port: 0, cf: false },
    handleRuntimeStdio: (stdout: Readable) =>
      void stdout.on('data', (chunk: Buffer) => lines.push(...String(chunk).split('\n'))),
    workers: [
      {
        ...{ name: 'popserve', modules: true, compatibilityDate: '2026-07-30', tails: ['times'] },
        script: "export default { fetch: () => new Response('{}') };",
      },
      { name: 'times', modules: true, compatibilityDate: '2026-07-30', script: await readFile(file, 'utf8') },
    ],
  });
  try {
    await miniflare.dispatchFetch('http://127.0.0.1/v2/models/pump/infer', { method: 'POST' });
    await eventually(() => {
      const told = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
      expect(told).toMatchObject([{ event: 'times', model: 'pump', requests: 1, failed: 0, source: 'platform' }]);
    });
  } finally {
    await miniflare.dispose();
  }
});
