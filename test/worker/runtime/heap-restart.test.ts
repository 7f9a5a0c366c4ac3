// A broken heap is started again in its own memory: nothing of its past shows, and twenty times leave nothing behind.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { mebibyte } from '../../../registry/mebibytes.ts';
import { Inspector } from '../../../scripts/inspect/inspector.ts';
import type { RawTensor } from '../../../worker/protocol/raw-frame.ts';
import { adder } from '../../harness/small-models.ts';

const timeoutMs = 30_000;
const options = { format: 'onnx', profile: 'lean', optimization: 'all' } as const;
const input: RawTensor = {
  name: 'x',
  elementType: 1,
  shape: [1, 2],
  data: new Uint8Array(new Float32Array([1, 2]).buffer),
};

let inspector: Inspector;
beforeAll(async () => {
  inspector = await Inspector.start({ heapLimitMib: 64 });
});
afterAll(() => inspector.close());

test('every life of a heap starts the same and gives the right answers', async () => {
  const empty = await inspector.heap();
  let first = empty;
  let grown = 0;
  for (let round = 0; round < 20; round++) {
    const model = adder('adder', '1', round, 2 * mebibyte).blobs[0]?.bytes ?? new Uint8Array();
    const session = await inspector.load(model, options, timeoutMs);
    const { outputs, heap } = await inspector.run(session.id, [input], { timeoutMs });
    const sum = outputs[0]?.data as Uint8Array;
    expect(Array.from(new Float32Array(sum.slice().buffer))).toEqual([1 + round, 2 + round]);
    if (round === 0) grown = heap.bytes;
    // The memory never shrinks, and what lives in it is never more than in the first round.
    expect(heap.bytes).toBe(grown);
    const fresh = await inspector.restartHeap();
    // The end of a memory is known up to 64 KiB, and the memory is larger by now.
    expect(fresh.usedBytes).toBeLessThanOrEqual(empty.usedBytes + 64 * 1024);
    if (round === 0) first = fresh;
    expect(fresh).toEqual(first);
    await expect(inspector.run(session.id, [input], { timeoutMs })).rejects.toThrow('no session');
  }
}, 60_000);
