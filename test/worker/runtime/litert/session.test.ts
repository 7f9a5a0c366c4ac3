// Sessions and the heap of LiteRT, in Node: what V8 does there it does in workerd. test/worker/litert asks the Worker itself.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { mebibyte } from '../../../../registry/mebibytes.ts';
import { deriveLiteRt } from '../../../../scripts/build/derive-litert.ts';
import { projectRoot } from '../../../../scripts/build/project.ts';
import { differenceOf } from '../../../../scripts/checks/engines/answers.ts';
import {
  detectorInput,
  detectorNet,
  residualInput,
  residualNet,
} from '../../../../scripts/checks/engines/made-nets.ts';
import { convertModel } from '../../../../scripts/convert-litert/convert.ts';
import { runNative } from '../../../../scripts/inspect/native.ts';
import { floats, model, node, tensorValue } from '../../../../scripts/onnx/build.ts';
import { type OnnxModel, readModel, writeModel } from '../../../../scripts/onnx/model-file.ts';
import { Random } from '../../../../scripts/random.ts';
import type { RawTensor } from '../../../../worker/protocol/raw-frame.ts';
import { HeapBrokenError, HeapFullError, RefusedError } from '../../../../worker/runtime/heap-errors.ts';
import { LiteRtHeap } from '../../../../worker/runtime/litert/heap.ts';
import { LiteRtSession } from '../../../../worker/runtime/litert/session.ts';
import { toRuntimeTensor } from '../../../../worker/runtime/tensors.ts';

vi.mock('../../../../worker/runtime/litert/module/litert_wasm_internal.wasm', async () => {
  await deriveLiteRt();
  const file = join(projectRoot, 'worker', 'runtime', 'litert', 'module', 'litert_wasm_internal.wasm');
  return { default: await WebAssembly.compile(readFileSync(file)) };
});

const float32 = 1;
const limitBytes = 64 * mebibyte;

/** difference = a - b, and doubled = 2a; FP32 [1,2,3]. */
function twoByTwo(): OnnxModel {
  return model({
    name: 'two by two',
    opsets: { '': 17 },
    inputs: ['a', 'b'].map((name) => tensorValue(name, float32, [1, 2, 3])),
    outputs: ['difference', 'doubled'].map((name) => tensorValue(name, float32, [1, 2, 3])),
    nodes: [node('Sub', ['a', 'b'], ['difference']), node('Mul', ['a', 'two'], ['doubled'])],
    initializers: [floats('two', [], [2])],
  });
}

function tensor(name: string, shape: readonly number[], values: readonly number[]): RawTensor {
  return { name, elementType: float32, shape, data: new Uint8Array(Float32Array.from(values).buffer) };
}

function numbers(data: RawTensor['data']): number[] {
  return Array.from(new Float32Array((data as Uint8Array).slice().buffer));
}

const a = tensor('a', [1, 2, 3], [1, 2, 3, 4, 5, 6]);
const b = tensor('b', [1, 2, 3], [6, 5, 4, 3, 2, 1]);

async function convert(source: OnnxModel, inputs: readonly RawTensor[]): Promise<Uint8Array> {
  const shapes = new Map(inputs.map(({ name, shape }) => [name, shape]));
  return (await convertModel(readModel(writeModel(source)), shapes)).bytes;
}

function load(heap: LiteRtHeap, converted: Uint8Array): LiteRtSession {
  const pointer = heap.allocate(converted.length);
  heap.bytes(pointer, converted.length).set(converted);
  return LiteRtSession.create(heap, { pointer, bytes: converted.length });
}

function runAll(session: LiteRtSession, inputs: readonly RawTensor[]): RawTensor[] {
  const names = session.outputs.map(({ name }) => name);
  return session.run(inputs, names, (outputs) =>
    outputs.map(({ elementType, shape, data }, index) => {
      return { name: names[index] ?? '', elementType, shape, data: (data as Uint8Array).slice() };
    }),
  );
}

describe('a session of LiteRT', () => {
  let heap: LiteRtHeap;
  let small: Uint8Array;
  beforeAll(async () => {
    heap = await LiteRtHeap.create(limitBytes);
    small = await convert(twoByTwo(), [a, b]);
  });

  it.each([
    ['residual', residualNet, residualInput],
    ['detector', detectorNet, detectorInput],
  ])('gives the answers of onnxruntime: %s', async (_, net, shape) => {
    const random = new Random(5);
    const count = shape.reduce<number>((product, size) => product * size, 1);
    const x = tensor(
      'x',
      shape,
      Array.from({ length: count }, () => random.normal(0, 1)),
    );
    const onnx = writeModel(net());
    const limits = { timeoutMs: 30_000, memoryMib: 2048 };
    const sample = async () => [{ ...x, datatype: 'FP32' as const }];
    const { references } = await runNative({ model: onnx, format: 'onnx', convert: false, samples: [sample], limits });
    if ('fault' in references) throw new Error(references.fault);
    const session = load(heap, await convert(net(), [x]));
    const expected = (references[0] ?? []).map(toRuntimeTensor);
    expect(differenceOf(expected, runAll(session, [x]))).toMatchObject({ beyondTolerance: 0 });
    expect(differenceOf(expected, runAll(session, [x]))).toMatchObject({ beyondTolerance: 0 });
    session.release();
  });

  it('describes its inputs and outputs, and takes and gives them in any order', () => {
    const session = load(heap, small);
    const shape = { elementType: float32, shape: [1, 2, 3], bytes: 24 };
    expect(session.inputs).toEqual([
      { name: 'a', ...shape },
      { name: 'b', ...shape },
    ]);
    expect(session.outputs.map(({ name }) => name).sort()).toEqual(['difference', 'doubled']);
    const answers = session.run([b, a], ['doubled', 'difference'], (outputs) =>
      outputs.map(({ data }) => numbers(data)),
    );
    expect(answers).toEqual([
      [2, 4, 6, 8, 10, 12],
      [-5, -3, -1, 1, 3, 5],
    ]);
    session.release();
  });

  it('lets an input be written straight into the heap', () => {
    const session = load(heap, small);
    const write = (target: Uint8Array) => target.set(a.data as Uint8Array);
    const inputs = [{ ...a, data: { byteLength: 24, write } }, b];
    expect(session.run(inputs, ['doubled'], ([output]) => numbers(output?.data ?? []))).toEqual([2, 4, 6, 8, 10, 12]);
    session.release();
  });

  it('refuses inputs and outputs that it was not converted for, and runs on', () => {
    const session = load(heap, small);
    const outputs = ['doubled'];
    const refused = (inputs: readonly RawTensor[], names = outputs) => {
      try {
        session.run(inputs, names, () => undefined);
      } catch (error) {
        expect(error).toBeInstanceOf(RefusedError);
        return (error as Error).message;
      }
      throw new Error('it was not refused');
    };
    expect(refused([a])).toBe("input 'b' is missing");
    expect(refused([a, b, b])).toBe("input 'b' is one too many: expected each of a, b once");
    expect(refused([a, b, { ...b, name: 'c' }])).toBe("input 'c' is one too many: expected each of a, b once");
    expect(refused([a, { ...b, shape: [2, 3] }])).toBe("input 'b': expected float32 [1,2,3], got float32 [2,3]");
    expect(refused([a, { ...b, elementType: 6 }])).toBe("input 'b': expected float32 [1,2,3], got int32 [1,2,3]");
    expect(refused([a, { ...b, data: new Uint8Array(20) }])).toBe(
      "input 'b': expected 24 bytes of elements, got 20 bytes",
    );
    expect(refused([a, b], ['tripled'])).toBe("the model has no output 'tripled'");
    expect(runAll(session, [a, b])).toHaveLength(2);
    session.release();
  });

  it('refuses bytes that are no model, and the heap stays whole', () => {
    const session = load(heap, small);
    const usedBytes = heap.usedBytes();
    expect(() => load(heap, new Uint8Array(1000).fill(7))).toThrow(RefusedError);
    expect(() => load(heap, small.subarray(0, small.length / 2))).toThrow('cannot read the model: ');
    expect(heap.broken).toBeNull();
    expect(heap.usedBytes() - usedBytes).toBeLessThan(4096);
    expect(runAll(session, [a, b])).toHaveLength(2);
    session.release();
  });

  it('gives everything back', () => {
    for (let round = 0; round < 3; round++) load(heap, small).release();
    const usedBytes = heap.usedBytes();
    for (let round = 0; round < 200; round++) {
      const session = load(heap, small);
      for (let times = 0; times < 20; times++) runAll(session, [a, b]);
      session.release();
    }
    expect(heap.usedBytes() - usedBytes).toBeLessThan(16_384);
  });
});

describe('a heap of LiteRT', () => {
  it('grows no further than its limit, and is broken by a load that lacked memory', async () => {
    const heap = await LiteRtHeap.create(20 * mebibyte);
    const x = tensor('x', residualInput, []);
    const converted = await convert(residualNet(), [x]);
    expect(() => heap.reserve(24 * mebibyte)).toThrow(HeapFullError);
    expect(heap.broken).toBeNull();
    const sessions: LiteRtSession[] = [];
    const loadUntilFull = () => {
      for (;;) sessions.push(load(heap, converted));
    };
    expect(loadUntilFull).toThrow(HeapFullError);
    expect(sessions.length).toBeGreaterThan(0);
    expect(heap.byteLength).toBe(20 * mebibyte);
    // LiteRT may not have noticed, so nothing runs in this memory any more.
    expect(heap.broken).toMatch(/^out of memory/);
    expect(() => load(heap, converted)).toThrow(HeapBrokenError);
    for (const session of sessions) session.release();
    const fresh = await heap.restarted();
    expect(load(fresh, converted).outputs).toHaveLength(1);
  });

  it('is broken by a trap, and by whatever else is thrown out of the module', async () => {
    const thrown = [new WebAssembly.RuntimeError('unreachable'), new RangeError('Maximum call stack size exceeded'), 7];
    for (const cause of thrown) {
      const heap = await LiteRtHeap.create(limitBytes);
      const fail = () =>
        heap.call('run the model', () => {
          throw cause;
        });
      expect(fail).toThrow(HeapBrokenError);
      expect(heap.broken).toBe(cause instanceof Error ? cause.message : 'an exception that LiteRT did not catch');
      expect(() => heap.allocate(1)).toThrow(HeapBrokenError);
    }
  });

  it('takes what LiteRT tells in its log alone for a refusal, and stays whole', async () => {
    const heap = await LiteRtHeap.create(limitBytes);
    const bytes = await convert(twoByTwo(), [a, b]);
    const pointer = heap.allocate(bytes.length);
    heap.bytes(pointer, bytes.length).set(bytes);
    const { environment } = heap;
    const options = {
      environment,
      accelerator: 'wasm',
      cpuOptions: { numThreads: 1 },
      gpuOptions: {},
      webNNOptions: {},
    };
    // The run returns outputs, which nothing was written to.
    const runWithoutInputs = () =>
      heap.call('run the model', (litert) => {
        const loaded = litert.loadModel(environment, pointer, bytes.length);
        return litert.compileModel(environment, loaded, options).run(0, []);
      });
    expect(runWithoutInputs).toThrow(RefusedError);
    expect(runWithoutInputs).toThrow('cannot run the model: Input buffer size mismatch');
    expect(heap.broken).toBeNull();
    expect(runAll(load(heap, bytes), [a, b])).toHaveLength(2);
  });

  it('starts again in the same memory, as a fresh one', async () => {
    let heap = await LiteRtHeap.create(limitBytes);
    const small = await convert(twoByTwo(), [a, b]);
    const emptyBytes = heap.usedBytes();
    for (let life = 0; life < 5; life++) {
      const session = load(heap, small);
      expect(runAll(session, [a, b])).toHaveLength(2);
      const { byteLength } = heap;
      const before = heap;
      heap = await heap.restarted();
      expect(heap.byteLength).toBe(byteLength);
      expect(heap.usedBytes()).toBe(emptyBytes);
      expect(() => runAll(session, [a, b])).toThrow(HeapBrokenError);
      expect(before.broken).toBe('the heap was restarted');
      session.release();
    }
  });

  it('says when requests hold the rest of its limit', async () => {
    let lentBytes = 0;
    const heap = await LiteRtHeap.create(limitBytes, { roomBytes: () => limitBytes - lentBytes });
    lentBytes = 40 * mebibyte;
    expect(() => heap.allocate(30 * mebibyte)).toThrow('requests being answered hold the rest');
    lentBytes = 0;
    heap.free(heap.allocate(30 * mebibyte));
    expect(heap.broken).toBeNull();
  });
});
