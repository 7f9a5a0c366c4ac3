// The pauses after failures of the second engine, with a service and a clock of the test's.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Manifest } from '../../../registry/manifest.ts';
import { encodeFrame } from '../../../worker/protocol/raw-frame.ts';
import type { InputTensor } from '../../../worker/protocol/tensor.ts';
import { Ledger } from '../../../worker/runtime/ledger.ts';
import type { LitertService } from '../../../worker/runtime/litert-call.ts';
import { SecondEngine } from '../../../worker/runtime/second-engine.ts';
import { withLitert } from '../../harness/litert.ts';
import { adder } from '../../harness/small-models.ts';

const { manifest } = withLitert(adder('m', '1', 0), [1, 2]);
const inputs: InputTensor[] = [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: new Uint8Array(8) }];
const names = ['y'];

function account(roomBytes = 1_000_000) {
  const ledger = new Ledger({
    ...{ totalBytes: roomBytes, baseBytes: 0, controlBytes: 0 },
    ...{ heapBytes: () => 0, keptBytes: () => 0 },
  });
  return ledger.open(null);
}

const answered = () => {
  const tensors = [{ name: 'y', elementType: 1, shape: [1, 2], data: new Uint8Array(8) }];
  return new Response(encodeFrame({ tensors, extra: {} }));
};

class World {
  nowMs = 0;
  calls = 0;
  readonly logs: string[] = [];
  readonly pausesMs: unknown[] = [];
  answer: () => Response | Promise<Response> = answered;
  readonly engine: SecondEngine;

  constructor() {
    const service: LitertService = {
      fetch: async () => {
        this.calls += 1;
        return await this.answer();
      },
    };
    this.engine = new SecondEngine({
      service,
      now: () => this.nowMs,
      log: (event, { pauseMs }) => {
        this.logs.push(event);
        if (pauseMs !== undefined) this.pausesMs.push(pauseMs);
      },
    });
  }

  /** As a request does it. @returns whether the engine has answered */
  async ask(own: Manifest = manifest): Promise<boolean> {
    if (!this.engine.takes(own, inputs)) return false;
    const held = account();
    const answer = await this.engine.run({ manifest: own, inputs, names }, held);
    answer?.close();
    expect(held.heldBytes).toBe(0);
    return answer !== null;
  }
}

const broken = () => Promise.reject(new Error('gone'));

it('pauses twice as long after each failure, up to a minute, and forgets them with the first answer', async () => {
  const world = new World();
  world.answer = broken;
  for (let failures = 0; failures < 8; failures++) {
    expect(await world.ask()).toBe(false);
    const asked = world.calls;
    expect(await world.ask()).toBe(false);
    expect(world.calls).toBe(asked);
    world.nowMs += Number(world.pausesMs.at(-1));
  }
  expect(world.pausesMs).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1000));
  world.answer = answered;
  expect(await world.ask()).toBe(true);
  world.answer = broken;
  expect(await world.ask()).toBe(false);
  expect(world.pausesMs.at(-1)).toBe(1000);
  expect(world.logs.filter((event) => event === 'litert-back')).toHaveLength(1);
});

it('counts requests that fail together as one failure, and lets one of them try after the pause', async () => {
  const world = new World();
  world.answer = broken;
  expect(await Promise.all([world.ask(), world.ask(), world.ask()])).toEqual([false, false, false]);
  expect(world.pausesMs).toEqual([1000]);
  world.nowMs += 1000;
  const gate = Promise.withResolvers<Response>();
  world.answer = () => gate.promise;
  const [first, second] = [world.ask(), world.ask()];
  expect(await second).toBe(false);
  gate.resolve(answered());
  expect(await first).toBe(true);
  expect(world.calls).toBe(4);
});

it('pauses for one version alone', async () => {
  const world = new World();
  world.answer = broken;
  await world.ask();
  world.answer = answered;
  expect(await world.ask({ ...manifest, version: '2' })).toBe(true);
  expect(await world.ask()).toBe(false);
});

it('takes a run in exactly the shapes of the conversion, and no other', () => {
  const { engine } = new World();
  const x = inputs[0] as InputTensor;
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 3 }), { maxLength: 3 }), fc.constantFrom('x', 'other'), (shape, name) => {
      const wanted = name === 'x' && shape.join() === '1,2';
      expect(engine.takes(manifest, [{ ...x, name, shape }])).toBe(wanted);
    }),
  );
  expect(engine.takes(manifest, [x, { ...x, name: 'more' }])).toBe(false);
  expect(engine.takes(adder('m', '1', 0).manifest, inputs)).toBe(false);
});

it('leaves a run to onnxruntime where there is no room for another copy of the tensors', async () => {
  const world = new World();
  expect(await world.engine.run({ manifest, inputs, names }, account(10))).toBeNull();
  expect([world.calls, world.logs]).toEqual([0, []]);
});

it('warms a version once, and again after a failure', async () => {
  const world = new World();
  world.answer = () => Response.json({});
  expect(await world.engine.warm(manifest)).toBe(true);
  expect(await world.engine.warm(manifest)).toBe(true);
  expect(world.calls).toBe(1);
  world.answer = () => Response.json({ error: 'no room', code: 'UNAVAILABLE' }, { status: 503 });
  await world.ask();
  expect(world.engine.isReady(manifest)).toBe(false);
  expect(await world.engine.warm(manifest)).toBe(false);
  world.nowMs += 1000;
  expect(await world.engine.warm(manifest)).toBe(false);
  expect(world.calls).toBe(3);
  expect(world.engine.serves(manifest)).toBe(false);
});
