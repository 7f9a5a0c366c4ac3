// The limits of inputs that are recorded, from what was seen to work and what the publisher decides.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { limitFault } from '../../../registry/input-size-limits.ts';
import { mebibyte } from '../../../registry/mebibytes.ts';
import type { Signature } from '../../../registry/signature.ts';
import { InspectionError } from '../../../scripts/inspect/inspector.ts';
import { describeLimits, inputLimits } from '../../../scripts/publish/derive-size-limits.ts';
import { resolveMaxDims } from '../../../scripts/publish/max-dim.ts';
import { type MeasuredModel, probeSizes, sizesOfSamples } from '../../../scripts/publish/probe-sizes.ts';
import { variableDimensions } from '../../../scripts/publish/sample-sizes.ts';
import { sampleTensor } from '../../../scripts/publish/sample-values.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => vi.useRealTimers());

type Inputs = Record<string, (number | string)[]>;
type Sizes = Record<string, readonly number[]>;
/** The outcome of a run on inputs of these sizes: its time in ms, or the kind of its failure. */
type Behaviour = (sizes: Sizes) => number | InspectionError['kind'];

/** A model of a known behaviour, probed from a sample of the given sizes with 1 s for a run. */
async function probe(
  inputs: Inputs,
  sample: Sizes,
  behaviour: Behaviour,
  options: { most?: Record<string, number>; heapBytes?: (sizes: Sizes) => number } = {},
) {
  const described = Object.entries(inputs).map(([name, shape]) => ({
    name,
    shape,
    elementType: 1,
    type: 'float32',
    datatype: 'FP32',
  }));
  const dimensions = variableDimensions(described);
  const given = resolveMaxDims(
    Object.entries(options.most ?? {}).map(([name, size]) => ({ name, size })),
    dimensions,
  );
  const tried: Sizes[] = [];
  const model: MeasuredModel = {
    async measure(tensors, timeoutMs) {
      for (const { shape, data } of tensors) expect(data.length).toBe(4 * shape.reduce((a, b) => a * b, 1));
      const sizes = Object.fromEntries(tensors.map(({ name, shape }) => [name, shape]));
      tried.push(sizes);
      const result = behaviour(sizes);
      vi.advanceTimersByTime(typeof result === 'number' ? Math.min(result, timeoutMs) : 1);
      if (typeof result === 'string') throw new InspectionError(result, result);
      if (result > timeoutMs) throw new InspectionError('timeout', 'no answer');
      const bytes = options.heapBytes?.(sizes) ?? 16 * mebibyte;
      return { outputBytes: 4, runMs: result, runs: 1, heap: { bytes, usedBytes: 0, limitBytes: 104 * mebibyte } };
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
  const most = new Map(dimensions.map(({ key }) => [key, given.get(key) ?? 4096]));
  const started = performance.now();
  const probed = await probeSizes(model, [{ inputs: tensors }], dimensions, most, {
    runMs: 1000,
    memoryBudgetMib: 104,
  });
  const spentMs = performance.now() - started;
  const limits = inputLimits(signature, dimensions, given, tensors, probed);
  for (const input of tensors) {
    const limit = limits.find(({ name }) => name === input.name);
    if (limit) expect(limitFault(input, limit)).toBeNull();
  }
  return { limits, note: describeLimits(limits, signature, dimensions, given, probed, 1000), tried, spentMs };
}

describe('limits that are found out', () => {
  it('are the common 4096 where nothing is in the way', async () => {
    const { limits, note } = await probe({ x: ['batch', 3] }, { x: [1, 3] }, () => 1);
    expect(limits).toEqual([{ name: 'x', shape: [4096, null], elements: 12_288 }]);
    expect(note).toBe("inputs are limited to 'x' [4096,3] and 12288 elements");
  });

  it('are none, without a run, where all dimensions are fixed', async () => {
    expect(await probe({ x: [2, 3] }, { x: [2, 3] }, () => 1)).toMatchObject({ limits: [], note: null, tried: [] });
  });

  it('end where memory does', async () => {
    const { limits, note } = await probe({ x: ['n'] }, { x: [8] }, ({ x }) =>
      (x?.[0] ?? 0) > 200 ? 'out-of-memory' : 1,
    );
    expect(limits).toEqual([{ name: 'x', shape: [128], elements: 128 }]);
    expect(note).toContain("a larger 'n' needs more memory than the isolate has");
  });

  it('end where a run breaks the heap, or request and answer find no room beside it', async () => {
    const broken = await probe({ x: ['n'] }, { x: [8] }, ({ x }) => ((x?.[0] ?? 0) > 100 ? 'broken' : 1));
    expect(broken.limits).toEqual([{ name: 'x', shape: [64], elements: 64 }]);
    const full = await probe({ x: ['n'] }, { x: [8] }, () => 1, {
      heapBytes: ({ x }) => ((x?.[0] ?? 0) > 100 ? 116 : 100) * mebibyte,
    });
    expect(full.limits).toEqual([{ name: 'x', shape: [64], elements: 64 }]);
  });

  it('end where a run would take too long, before one that is sure to', async () => {
    const { limits, note, tried } = await probe({ x: ['n', 'n'] }, { x: [8, 8] }, ({ x }) => ((x?.[0] ?? 0) / 32) ** 3);
    // 128: 64 ms; 256: 512 ms; 512: 4 s by the cube that showed.
    expect(limits).toEqual([{ name: 'x', shape: [256, 256], elements: 65_536 }]);
    expect(note).toContain("a larger 'n' takes longer than 1 s");
    expect(tried.at(-1)).toEqual({ x: [256, 256] });
  });

  it('end before a run that does not end', async () => {
    const { limits } = await probe({ x: ['n'] }, { x: [8] }, ({ x }) => ((x?.[0] ?? 0) > 30 ? 1e9 : 1));
    expect(limits).toEqual([{ name: 'x', shape: [16], elements: 16 }]);
  });

  it('end where a request does', async () => {
    const { limits, note } = await probe({ x: ['n', 3, 224, 224] }, { x: [1, 3, 224, 224] }, () => 1);
    expect(limits).toEqual([{ name: 'x', shape: [16, null, null, null], elements: 16 * 3 * 224 * 224 }]);
    expect(note).toContain("a larger 'n' does not fit into a request of 16 MiB");
  });

  it('do not come from sizes that the model itself refuses: it guards itself', async () => {
    const { limits, note } = await probe({ x: [1, 'length'] }, { x: [1, 8] }, ({ x }) =>
      x?.[1] === 8 ? 1 : 'refused',
    );
    expect(limits).toEqual([{ name: 'x', shape: [null, 4096], elements: 4096 }]);
    expect(note).not.toContain('larger');
  });

  it('let dimensions without a name grow together where only that runs', async () => {
    const { limits } = await probe({ a: [2, ''], b: [2, ''] }, { a: [2, 8], b: [2, 8] }, ({ a, b }) => {
      if (a?.[1] !== b?.[1]) return 'refused';
      return (a?.[1] ?? 0) > 1000 ? 'out-of-memory' : 1;
    });
    expect(limits).toEqual(['a', 'b'].map((name) => ({ name, shape: [null, 512], elements: 1024 })));
  });

  it('let one dimension be large beside small others, and their product no larger than was seen', async () => {
    const memory: Behaviour = ({ x }) => ((x?.[0] ?? 0) * (x?.[1] ?? 0) > 4096 * 8 ? 'out-of-memory' : 1);
    const { limits, note } = await probe({ x: ['batch', 'length'] }, { x: [1, 8] }, memory);
    expect(note).toContain('one that is large in every dimension needs more memory');
    expect(limits).toEqual([{ name: 'x', shape: [4096, 4096], elements: 32_768 }]);
  });

  it('are found within a bounded time, and say so when it was too short', async () => {
    const inputs = { a: ['p', 'q'], b: ['r', 's'], c: ['t', 'u'] };
    const sample = { a: [1, 8], b: [1, 8], c: [1, 8] };
    const total = (sizes: Sizes) => Object.values(sizes).reduce((sum, [m = 0, n = 0]) => sum + m * n, 0);
    const { note, spentMs } = await probe(inputs, sample, (sizes) => total(sizes) * 10);
    expect(spentMs).toBeLessThanOrEqual(2500);
    expect(note).toContain('was not tried for lack of time');
  });
});

describe('limits that the publisher decides', () => {
  it('are kept as they are, and tried no further', async () => {
    const { limits, tried } = await probe({ x: ['batch', 3] }, { x: [1, 3] }, () => 1, { most: { batch: 6 } });
    expect(limits).toEqual([{ name: 'x', shape: [6, null], elements: 18, given: [0] }]);
    expect(tried.at(-1)).toEqual({ x: [6, 3] });
  });

  it('are kept beyond what was seen to work, which is said', async () => {
    const memory: Behaviour = ({ x }) => ((x?.[0] ?? 0) > 1000 ? 'out-of-memory' : 1);
    const { limits, note } = await probe({ x: ['n'] }, { x: [8] }, memory, { most: { n: 100_000 } });
    expect(limits).toEqual([{ name: 'x', shape: [100_000], elements: 100_000, given: [0] }]);
    expect(note).toContain("a larger 'n' needs more memory");
  });

  it('are possible beside small sizes of the others', async () => {
    const memory: Behaviour = ({ x }) => ((x?.[0] ?? 0) * (x?.[1] ?? 0) > 1000 ? 'out-of-memory' : 1);
    const { limits } = await probe({ x: ['h', 'w'] }, { x: [8, 8] }, memory, { most: { h: 1024 } });
    // 64 of the other were seen to work, 8192 elements are 1024 of this beside the sample's 8.
    expect(limits).toEqual([{ name: 'x', shape: [1024, 64], elements: 8192, given: [0] }]);
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
    const untried = { seen: sizesOfSamples([]), obstacles: new Map() };
    expect(inputLimits(signature, dimensions, most, [], untried)).toEqual([
      { name: 'x', shape: [9, 5], elements: 45, given: [0, 1] },
      { name: 'z', shape: [9, 7], elements: 63, given: [0, 1] },
    ]);
    expect(() => resolveMaxDims([{ name: 'w', size: 1 }], dimensions)).toThrow(
      "--max-dim w: the model's variable dimensions are 'batch', 'length', 'z:1'",
    );
  });
});
