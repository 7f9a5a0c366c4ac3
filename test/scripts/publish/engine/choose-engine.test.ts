// The choice of the engine where LiteRT's answers are others, and where its package is not installed.
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { PopserveError } from '../../../../registry/errors.ts';
import { Inspector } from '../../../../scripts/inspect/inspector.ts';
import { type OnnxModel, writeModel } from '../../../../scripts/onnx/model-file.ts';
import { chooseEngine } from '../../../../scripts/publish/engine/choose-engine.ts';
import { type EngineOption, settingsOf } from '../../../../scripts/publish/settings.ts';
import type { Tensor } from '../../../../worker/protocol/tensor.ts';
import { classifierNet } from './convolution-nets.ts';

const installed = vi.hoisted(() => ({ litert: true }));
vi.mock(import('../../../../scripts/build/operator-tools.ts'), async (original) => {
  const tools = await original();
  return {
    ...tools,
    locateTool: (tool, file) => {
      if (tool === '@litertjs/core' && !installed.litert) {
        throw new PopserveError('INTERNAL', 'the package @litertjs/core is not installed; run …');
      }
      return tools.locateTool(tool, file);
    },
  };
});

let inspector: Inspector;
beforeAll(async () => {
  inspector = await Inspector.start({ bothEngines: true });
});
afterAll(() => inspector.close());

const notes: string[] = [];
beforeEach(() => {
  notes.length = 0;
  installed.litert = true;
});

const input: Tensor = {
  ...{ name: 'x', datatype: 'FP32', shape: [1, 1, 8, 8] },
  data: new Uint8Array(Float32Array.from({ length: 64 }, (_, index) => (index % 7) / 7).buffer),
};
const signature = {
  inputs: [{ name: 'x', datatype: 'FP32' as const, shape: [-1, 1, 8, 8] }],
  outputs: [{ name: 'scores', datatype: 'FP32' as const, shape: [-1, 2] }],
};
const scores = (values: readonly number[]): Tensor => ({
  ...{ name: 'scores', datatype: 'FP32', shape: [1, 2] },
  data: new Uint8Array(Float32Array.from(values).buffer),
});

/** @param served the net that onnxruntime has, which should be the one that is converted */
function choose(
  option: EngineOption,
  served: OnnxModel,
  references: readonly (readonly Tensor[])[] | null = null,
  runMs = 1,
) {
  const net = classifierNet();
  const bytes = writeModel(net);
  const outputs = references?.[0] ?? [scores([0.5, 0.5])];
  const profile = { heapBytes: 1, createMs: 1, runMs };
  return chooseEngine(
    {
      source: {
        ...{ file: 'net.onnx', digest: `sha256:${'0'.repeat(64)}`, bytes: bytes.length, format: 'onnx' },
        ...{ model: bytes, onnx: net, labels: {}, roles: null },
      },
      original: {
        ...{ signature, dimensions: [], given: new Map(), optimization: 'all', samplesWithDefaults: [] },
        ...{ randomness: null, areGiven: false, lastRefusal: null, notes: [] },
        samples: [{ inputs: [input], outputs }],
      },
      references,
      chosen: {
        artifact: { format: 'onnx', bytes: writeModel(served) },
        ...{ optimization: 'all', profiles: { lean: profile } },
      },
      classes: new Set(['scores']),
      rows: [],
    },
    option,
    {
      inspector: async () => inspector,
      settings: settingsOf({}),
      step() {},
      note: (text) => notes.push(text),
    },
  );
}

describe('answers of LiteRT', () => {
  it('that are not onnxruntime’s keep a model with onnxruntime', async () => {
    const { litert, refused } = await choose('auto', classifierNet(2));
    expect(litert).toBeNull();
    expect(refused).toMatch(/^its answers differ: output 'scores' differs at 2 of 2 elements/);
  });

  it('are an error where LiteRT was asked for', async () => {
    await expect(choose('litert', classifierNet(2))).rejects.toMatchObject({
      code: 'UNPROCESSABLE',
      message: expect.stringMatching(/^LiteRT cannot run net.onnx: its answers differ: /),
    });
  });

  it('have to be those of the golden vectors as well', async () => {
    const { refused } = await choose('auto', classifierNet(), [[scores([0.9, 0.1])]]);
    expect(refused).toMatch(/^its answers differ: output 'scores'/);
  });

  it('may be taken where they are the same', async () => {
    expect((await choose('litert', classifierNet())).litert?.member).toMatchObject({ chosen: 'by-hand' });
  });
});

describe('a net that is small', () => {
  it('is not even converted where a whole run costs less than the call to another Worker', async () => {
    installed.litert = false;
    const { refused } = await choose('auto', classifierNet(), null, 0.1);
    expect(refused).toBe("a run takes 0.1 ms, and the call to LiteRT's Worker costs 0.12 ms");
    expect(notes).toEqual([]);
  });

  it('stays with onnxruntime where LiteRT saves less than that call costs, or is not faster', async () => {
    const { refused } = await choose('auto', classifierNet());
    expect(refused).toMatch(
      /^[\d.]+ times as fast as onnxruntime, (and it is taken from 1.25|which saves .* ms of a run)/,
    );
  });
});

describe('without @litertjs/core', () => {
  it('one note says so, and onnxruntime runs the model', async () => {
    installed.litert = false;
    expect(await choose('auto', classifierNet())).toEqual({
      litert: null,
      refused: 'the package @litertjs/core was not installed where it was published',
    });
    expect(notes).toEqual([
      'LiteRT, which may run convolutions faster, was not tried: the package @litertjs/core is not installed; run …',
    ]);
  });

  it('asking for LiteRT is an error that says how it is installed', async () => {
    installed.litert = false;
    await expect(choose('litert', classifierNet())).rejects.toThrow('the package @litertjs/core is not installed');
  });

  it('asking for onnxruntime says nothing', async () => {
    installed.litert = false;
    expect(await choose('onnxruntime', classifierNet())).toEqual({ litert: null, refused: null });
    expect(notes).toEqual([]);
  });
});
