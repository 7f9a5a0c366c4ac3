// The recorded limits of inputs: from trial runs of models whose cost is known, and from what the publisher decides.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { limitFault } from '../../../registry/input-size-limits.ts';
import { mebibyte } from '../../../registry/mebibytes.ts';
import type { Signature } from '../../../registry/signature.ts';
import { InspectionError } from '../../../scripts/inspect/inspector.ts';
import { describeLimits, inputLimits } from '../../../scripts/publish/derive-size-limits.ts';
import { resolveMaxDims } from '../../../scripts/publish/max-dim.ts';
import { probeSizes } from '../../../scripts/publish/probe-sizes.ts';
import { variableDimensions } from '../../../scripts/publish/sample-sizes.ts';
import { sampleTensor } from '../../../scripts/publish/sample-values.ts';
import type { MeasuredModel } from '../../../scripts/publish/trial-runs.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => vi.useRealTimers());

type Inputs = Record<string, (number | string)[]>;
type Sizes = Record<string, readonly number[]>;
/** The outcome of a run on inputs of these sizes: its time in ms, or the kind of its failure. */
type Behaviour = (sizes: Sizes) => number | InspectionError['kind'];

interface ProbeOptions {
  most?: Record<string, number>;
  /** Memory of a run, in MiB; the heap keeps the most that any run needed. */
  heapMib?: (sizes: Sizes) => number;
  /** The answer is as large as the request. */
  echoes?: boolean;
  /** A run takes so many times as long on the clock as on the processor. */
  load?: number;
  /** The system does not tell the time on the processor. */
  clockOnly?: boolean;
}

const freshMib = 16;

/** A model of a known behaviour, probed from a sample of the given sizes with 1 s for a run and 96 MiB of heap. */
async function probe(inputs: Inputs, sample: Sizes, behaviour: Behaviour, options: ProbeOptions = {}) {
  const { most = {}, heapMib = () => freshMib, load = 1, clockOnly = false, echoes = false } = options;
  const described = Object.entries(inputs).map(([name, shape]) => ({
    name,
    shape,
    elementType: 1,
    type: 'float32',
    datatype: 'FP32',
  }));
  const dimensions = variableDimensions(described);
  const given = resolveMaxDims(
    Object.entries(most).map(([name, size]) => ({ name, size })),
    dimensions,
  );
  const tried: Sizes[] = [];
  let heap = freshMib;
  let spentMs = 0;
  const model: MeasuredModel = {
    async measure(tensors, { cpuMs }) {
      for (const { shape, data } of tensors) expect(data.length).toBe(4 * shape.reduce((a, b) => a * b, 1));
      const sizes = Object.fromEntries(tensors.map(({ name, shape }) => [name, shape]));
      tried.push(sizes);
      const result = behaviour(sizes);
      const ms = typeof result === 'number' ? Math.min(result, cpuMs) : 1;
      spentMs += ms;
      vi.advanceTimersByTime(ms * load);
      const needed = heapMib(sizes);
      const fault = typeof result === 'string' ? result : needed > 96 ? 'out-of-memory' : null;
      if (fault !== null && fault !== 'refused') heap = freshMib;
      if (fault !== null) throw new InspectionError(fault, fault);
      if (Number(result) > cpuMs) {
        heap = freshMib;
        throw new InspectionError('timeout', 'no answer');
      }
      heap = Math.max(heap, Math.ceil(needed));
      const state = { bytes: heap * mebibyte, usedBytes: freshMib * mebibyte, limitBytes: 96 * mebibyte };
      const outputBytes = echoes ? tensors.reduce((sum, { data }) => sum + data.length, 0) : 4;
      return { outputBytes, runMs: ms * load, runs: 1, cpuMs: clockOnly ? null : ms, heap: state };
    },
  };
  const signature: Signature = {
    inputs: described.map(({ name, shape }) => ({
      name,
      datatype: 'FP32',
      shape: shape.map((size) => (typeof size === 'number' ? size : -1)),
    })),
    outputs: [],
  };
  const tensors: Tensor[] = signature.inputs.map(({ name, datatype }) =>
    sampleTensor({ name, datatype, shape: [...(sample[name] ?? [])] }, 'likely', 1),
  );
  const probed = await probeSizes(model, tensors, dimensions, given, {
    runMs: 1000,
    memoryBudgetMib: 96,
    timeoutMs: 60_000,
  });
  const limits = inputLimits(signature, dimensions, given, [tensors], probed);
  for (const input of tensors) {
    const limit = limits.find(({ name }) => name === input.name);
    if (limit) expect(limitFault(input, limit)).toBeNull();
  }
  const note = describeLimits(limits, signature, dimensions, probed, 1000);
  const allows = (name: string, shape: readonly number[]) => {
    const limit = limits.find((each) => each.name === name);
    return limit !== undefined && limitFault({ name, shape }, limit) === null;
  };
  return { limits, note, tried, spentMs, probed, allows };
}

const product = (shape: readonly number[] = []) => shape.reduce((a, b) => a * b, 1);

describe('limits that are found out', () => {
  it('let in what people send: pictures, half a minute of sound, whole sentences, tables', async () => {
    const picture = await probe({ x: ['b', 3, 'h', 'w'] }, { x: [1, 3, 32, 32] }, ({ x }) => product(x) / 6000, {
      heapMib: ({ x }) => 16 + product(x) / 40_000,
    });
    expect(picture.allows('x', [1, 3, 960, 960])).toBe(true);
    expect(picture.allows('x', [4, 3, 480, 480])).toBe(true);
    expect(picture.allows('x', [1, 3, 640, 1440])).toBe(true);
    const sound = await probe({ x: ['batch', 'samples'] }, { x: [1, 8] }, ({ x }) => 1 + product(x) / 2000);
    expect(sound.allows('x', [1, 480_000])).toBe(true);
    expect(sound.allows('x', [30, 16_000])).toBe(true);
    // 400 ms at 512 tokens, in a model that knows no further position.
    const tokens = await probe({ ids: ['batch', 'length'] }, { ids: [1, 8] }, ({ ids: [b = 1, n = 1] = [] }) =>
      n > 512 ? 'refused' : b * (n / 1.6 + n ** 2 / 3300),
    );
    expect(tokens.allows('ids', [1, 512])).toBe(true);
    expect(tokens.allows('ids', [2, 256])).toBe(true);
    const rows = await probe({ x: ['batch', 30] }, { x: [1, 30] }, ({ x }) => product(x) / 1000);
    expect(rows.allows('x', [1000, 30])).toBe(true);
  });

  it('are none, without a run, where all dimensions are fixed', async () => {
    const signature: Signature = { inputs: [{ name: 'x', datatype: 'FP32', shape: [2, 3] }], outputs: [] };
    expect(inputLimits(signature, [], new Map(), [], null)).toEqual([]);
    expect(describeLimits([], signature, [], null, 1000)).toBeNull();
  });

  it('are none where nothing was tried: what is not known is not limited', async () => {
    const described = [{ name: 'x', shape: ['n'], elementType: 1, type: 'float32', datatype: 'FP32' }];
    const signature: Signature = { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1] }], outputs: [] };
    expect(inputLimits(signature, variableDimensions(described), new Map(), [], null)).toEqual([]);
  });

  it('are those of a request where nothing else is in the way', async () => {
    const rows = await probe({ x: ['batch', 3] }, { x: [1, 3] }, () => 1);
    expect(rows.limits).toEqual([{ name: 'x', shape: [10_000, null], elements: 30_000 }]);
    expect(rows.note).toContain('a request has at most 10000 records');
    const pair = await probe({ x: ['n', 3], y: ['m', 1] }, { x: [1, 3], y: [1, 1] }, () => 1);
    expect(pair.note?.match(/a request has at most 10000 records/g)).toHaveLength(1);
    const pictures = await probe({ x: [1, 3, 'h', 'h'] }, { x: [1, 3, 32, 32] }, () => 1);
    // 16 MiB of FP32, in multiples of 32.
    expect(pictures.limits).toEqual([{ name: 'x', shape: [null, null, 1152, 1152], elements: 3 * 1152 ** 2 }]);
    expect(pictures.note).toContain("a larger 'h' does not fit into a request of 16 MiB");
  });

  it('end where memory does, near what it holds, and no run is above them', async () => {
    const { limits, note } = await probe({ x: ['n'] }, { x: [8] }, () => 1, {
      heapMib: ({ x }) => 16 + product(x) / 10_000,
    });
    // The heap is full at 800,000.
    expect(limits[0]?.elements).toBeGreaterThan(800_000 / 1.5);
    expect(limits[0]?.elements).toBeLessThanOrEqual(800_000);
    expect(limits[0]?.shape).toEqual([limits[0]?.elements]);
    expect(note).toContain("a larger 'n' needs more memory than the isolate has");
  });

  it('end where a run breaks the heap, and where request and answer find no room beside it', async () => {
    const broken = await probe({ x: ['n'] }, { x: [8] }, ({ x }) => (product(x) > 10_000 ? 'broken' : 1));
    expect(broken.limits[0]?.elements).toBeGreaterThan(5000);
    expect(broken.limits[0]?.elements).toBeLessThanOrEqual(10_000);
    const full = await probe({ x: ['n'] }, { x: [8] }, () => 1, { heapMib: () => 92, echoes: true });
    // 22 MiB are left beside the heap for both, some of them as a margin.
    expect(full.limits[0]?.elements).toBeLessThanOrEqual((11 / 4) * mebibyte);
    expect(full.limits[0]?.elements).toBeGreaterThan(mebibyte);
  });

  it.each([
    ['linear', (n: number) => n / 100, 100_000],
    ['cubic', (n: number) => (n / 100) ** 3, 1000],
    ['linear at first and cubic later', (n: number) => n / 100 + (n / 1000) ** 3, 9700],
    ['mostly constant', (n: number) => 100 + n / 1000, 900_000],
  ])('end below what would take too long, where the time is %s', async (_, ms, most) => {
    const { limits, note, tried, spentMs } = await probe({ x: ['n'] }, { x: [8] }, ({ x }) => ms(product(x)));
    expect(limits[0]?.elements).toBeLessThanOrEqual(most);
    expect(limits[0]?.elements).toBeGreaterThan(most / 2.5);
    expect(note).toContain("a larger 'n' takes longer than 1 s");
    // The largest size that is allowed has been run.
    expect(tried.some(({ x }) => product(x) === limits[0]?.elements)).toBe(true);
    expect(spentMs).toBeLessThan(2500);
  });

  it('end before a run that does not end', async () => {
    const { limits } = await probe({ x: ['n'] }, { x: [8] }, ({ x }) => (product(x) > 5000 ? 1e9 : 1));
    expect(limits[0]?.elements).toBeLessThanOrEqual(5000);
    expect(limits[0]?.elements).toBeGreaterThan(2500);
  });

  it('are what the sample has where even that is too much', async () => {
    const { limits, note } = await probe({ x: ['n'] }, { x: [8] }, () => 5000);
    expect(limits).toEqual([{ name: 'x', shape: [8], elements: 8 }]);
    expect(note).toContain('takes longer than 1 s');
  });

  it('do not come from sizes that the model itself refuses: it guards itself', async () => {
    const fixed = await probe({ x: [1, 'length'] }, { x: [1, 8] }, ({ x }) => (x?.[1] === 8 ? 1 : 'refused'));
    expect(fixed.allows('x', [1, 77])).toBe(true);
    expect(fixed.note).toContain("the model itself refuses a larger 'length'");
    const odd = await probe({ x: [1, 'length'] }, { x: [1, 8] }, ({ x }) => ((x?.[1] ?? 0) > 77 ? 'refused' : 1));
    expect(odd.allows('x', [1, 77])).toBe(true);
  });

  it('let dimensions grow together where only that runs, batch or not', async () => {
    const twins = await probe({ a: [2, ''], b: [2, ''] }, { a: [2, 8], b: [2, 8] }, ({ a, b }) =>
      a?.[1] === b?.[1] ? (a?.[1] ?? 0) / 10 : 'refused',
    );
    for (const { shape } of twins.limits) expect(shape[1]).toBeGreaterThan(4000);
    // A frame of sound with the state of each of its channels, neither of which has a name.
    const frames = await probe(
      { x: ['', ''], state: [2, '', 64] },
      { x: [1, 512], state: [2, 1, 64] },
      ({ x, state }) => (x?.[0] === state?.[1] && x?.[1] === 512 ? (x?.[0] ?? 0) / 4 : 'refused'),
    );
    expect(frames.allows('x', [1000, 512])).toBe(true);
    expect(frames.allows('state', [2, 1000, 64])).toBe(true);
    expect(frames.allows('x', [4100, 512])).toBe(false);
  });

  it('do not bound each other where the model refuses to let them grow together', async () => {
    const { allows } = await probe({ a: ['p'], b: ['q'] }, { a: [8], b: [8] }, ({ a, b }) =>
      a?.[0] === 8 || b?.[0] === 8 ? 1 : 'refused',
    );
    expect(allows('a', [100_000])).toBe(true);
    expect(allows('b', [100_000])).toBe(true);
  });

  it('let one dimension be large beside small others, and all together no larger than was run', async () => {
    const { allows, limits, tried } = await probe(
      { x: ['batch', 'length'] },
      { x: [1, 8] },
      ({ x }) => product(x) / 10,
    );
    const [{ elements = 0, shape } = {}] = limits;
    expect(elements).toBeGreaterThan(4000);
    expect(elements).toBeLessThanOrEqual(10_000);
    expect(Math.max(...tried.map(({ x }) => product(x)))).toBe(elements);
    expect(allows('x', [500, 8])).toBe(true);
    expect(allows('x', [1, elements])).toBe(true);
    expect(shape?.[0]).toBeGreaterThanOrEqual(500);
  });

  it('leave a batch of long sequences to those that have time for it', async () => {
    const { allows } = await probe({ x: ['batch', 'length'] }, { x: [1, 8] }, ({ x: [b = 1, n = 1] = [] }) =>
      n > 64 ? 'refused' : (b * n ** 2) / 1000,
    );
    // 64 of 64 take 262 ms, 128 of them half a second.
    expect(allows('x', [64, 64])).toBe(true);
    expect(allows('x', [300, 64])).toBe(false);
  });

  it('start at a batch of one, however many rows the sample has', async () => {
    const { allows, tried } = await probe({ x: ['batch', 'length'] }, { x: [100, 8] }, ({ x }) => product(x) / 10);
    expect(tried.some(({ x }) => x?.[0] === 1 && (x[1] ?? 0) > 4000)).toBe(true);
    expect(allows('x', [1, 4000])).toBe(true);
  });

  it('are found within a bounded time, and estimated from then on', async () => {
    const inputs = { a: ['p', 'q'], b: ['r', 's'], c: ['t', 'u'] };
    const sample = { a: [1, 8], b: [1, 8], c: [1, 8] };
    const total = (sizes: Sizes) => Object.values(sizes).reduce((sum, shape) => sum + product(shape), 0);
    const { spentMs, limits } = await probe(inputs, sample, (sizes) => total(sizes) * 4);
    expect(spentMs).toBeLessThan(2500 + 1500);
    for (const { elements } of limits) expect(elements).toBeLessThanOrEqual(250);
  });
});

describe('a busy machine', () => {
  it('gives the same limits: what counts is the time on the processor', async () => {
    const shape = { x: [1, 3, 'h', 'w'] };
    const sample = { x: [1, 3, 32, 32] };
    const behaviour: Behaviour = ({ x }) => product(x) / 1000;
    const quiet = await probe(shape, sample, behaviour);
    const busy = await probe(shape, sample, behaviour, { load: 4 });
    expect(busy.limits).toEqual(quiet.limits);
    expect(busy.probed.clock).toBe('processor');
  });

  it('makes a run slow while V8 has had no time to optimise the code; that run is done again', async () => {
    let cold = 6;
    const quiet = await probe({ x: ['n'] }, { x: [8] }, ({ x }) => product(x) / 100);
    const busy = await probe(
      { x: ['n'] },
      { x: [8] },
      ({ x }) => {
        const isLarge = product(x) > 1000;
        if (isLarge && cold > 1) cold -= 1;
        return (product(x) / 100) * (isLarge ? cold : 1);
      },
      { load: 4 },
    );
    const ratio = (quiet.limits[0]?.elements ?? 0) / (busy.limits[0]?.elements ?? 1);
    expect(ratio).toBeLessThan(1.5);
    expect(ratio).toBeGreaterThan(1 / 1.5);
  });

  it('counts on the clock where the system tells nothing else', async () => {
    const { limits, probed } = await probe({ x: ['n'] }, { x: [8] }, ({ x }) => product(x) / 100, {
      load: 4,
      clockOnly: true,
    });
    expect(probed.clock).toBe('wall');
    expect(limits[0]?.elements).toBeLessThanOrEqual(25_000);
  });
});

describe('limits that the publisher decides', () => {
  it('are kept as they are, and tried no further', async () => {
    const { limits, tried, note } = await probe({ x: ['batch', 3] }, { x: [1, 3] }, () => 1, { most: { batch: 6 } });
    expect(limits).toEqual([{ name: 'x', shape: [6, null], elements: 18, given: [0] }]);
    expect(tried.at(-1)).toEqual({ x: [6, 3] });
    expect(note).toBe("inputs are limited to 'x' [6,3] and 18 elements");
  });

  it('are kept beyond what was seen to work, which is said', async () => {
    const { limits, note } = await probe({ x: ['n'] }, { x: [8] }, () => 1, {
      heapMib: ({ x }) => 16 + product(x) / 100,
      most: { n: 100_000 },
    });
    expect(limits).toEqual([{ name: 'x', shape: [100_000], elements: 100_000, given: [0] }]);
    expect(note).toContain("a larger 'n' needs more memory");
  });

  it('may be more records than a request has by default', async () => {
    const { limits } = await probe({ x: ['batch', 3] }, { x: [1, 3] }, () => 1, { most: { batch: 50_000 } });
    expect(limits).toEqual([{ name: 'x', shape: [50_000, null], elements: 150_000, given: [0] }]);
  });

  it('are possible beside small sizes of the others', async () => {
    const { limits } = await probe({ x: ['h', 'w'] }, { x: [8, 8] }, () => 1, {
      heapMib: ({ x }) => 16 + product(x) / 10,
      most: { h: 1024 },
    });
    // 8192 elements are 1024 of this beside the sample's 8.
    expect(limits).toMatchObject([{ name: 'x', shape: [1024, expect.any(Number)], elements: 8192, given: [0] }]);
  });

  it('go by symbol, by place or for all, what is named first', () => {
    const described = [
      { name: 'x', shape: ['batch', 'length'], elementType: 1, type: 'float32', datatype: 'FP32' },
      { name: 'z', shape: ['batch', ''], elementType: 1, type: 'float32', datatype: 'FP32' },
    ];
    const dimensions = variableDimensions(described);
    const most = resolveMaxDims(
      [
        { name: 'batch', size: 9 },
        { name: null, size: 5 },
        { name: 'z:1', size: 7 },
      ],
      dimensions,
    );
    const signature: Signature = {
      inputs: described.map(({ name }) => ({ name, datatype: 'FP32', shape: [-1, -1] })),
      outputs: [],
    };
    expect(inputLimits(signature, dimensions, most, [], null)).toEqual([
      { name: 'x', shape: [9, 5], elements: 45, given: [0, 1] },
      { name: 'z', shape: [9, 7], elements: 63, given: [0, 1] },
    ]);
    expect(() => resolveMaxDims([{ name: 'w', size: 1 }], dimensions)).toThrow(
      "--max-dim w: the model's variable dimensions are 'batch', 'length', 'z:1'",
    );
  });
});
