// How many processes are asked what a run costs, and what is made of their answers. The inspector is a stand-in with times of its own.
import { expect, it } from 'vitest';
import type { Inspector } from '../../../../scripts/inspect/inspector.ts';
import { measureEngines } from '../../../../scripts/publish/engine/measure.ts';

const mebibyte = 1_048_576;

/** @param times what a run takes in both engines, process by process */
function standIn(times: readonly (readonly [onnxruntime: number, litert: number])[]) {
  let process = 0;
  const heap = { bytes: 20 * mebibyte, usedBytes: 0, limitBytes: 0 };
  const inspector = {
    dropHeap: async () => {},
    kill: async () => {
      process++;
    },
    load: async (_: Uint8Array, { engine = 'onnxruntime' }: { engine?: string }) => ({
      ...{ id: engine, createMs: 5, emptyBytes: 16 * mebibyte, heap, inputs: [], outputs: [] },
    }),
    run: async (id: string, _: unknown, { repeat = 1 }: { repeat?: number }) => {
      const ms = times[process]?.[id === 'litert' ? 1 : 0] ?? Number.NaN;
      return { outputs: [], outputBytes: 0, runMs: ms, runs: repeat, cpuMs: ms * repeat, heap };
    },
  };
  return { inspector: inspector as unknown as Inspector, processes: () => process + 1 };
}

it.each<[string, [number, number][], number, number]>([
  [
    'two where both are clearly faster',
    [
      [4, 2],
      [5, 2],
    ],
    2,
    2.25,
  ],
  [
    'two where both are clearly slower',
    [
      [2, 2],
      [2, 2],
    ],
    2,
    1,
  ],
  [
    'three where one of them is near the line',
    [
      [4, 2],
      [2.6, 2],
      [3, 2],
    ],
    3,
    1.5,
  ],
  [
    'three where they contradict each other',
    [
      [4, 2],
      [2, 2],
      [4, 2],
    ],
    3,
    2,
  ],
])('asks %s', async (_, times, processes, timesFaster) => {
  const { inspector, processes: asked } = standIn(times);
  const options = { format: 'ort', profile: 'lean', optimization: 'all' } as const;
  const models = { onnxruntime: { bytes: new Uint8Array(1), options }, litert: new Uint8Array(1) };
  const measured = await measureEngines(inspector, models, [], { heapLimitMib: 104, timeoutMs: 1000 }, 1.25);
  expect(asked()).toBe(processes);
  expect(measured).toMatchObject({ timesFaster, heapBytes: 4 * mebibyte, createMs: 5, runMs: 2 });
});
