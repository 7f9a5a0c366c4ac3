// The sample that an isolate draws of its requests: small rows as records, nothing of models that are not named; and the setting itself.
import { describe, expect, test, vi } from 'vitest';
import { parseConfig } from '../../../../worker/config.ts';
import type { Tensor } from '../../../../worker/protocol/tensor.ts';
import { InputSampler } from '../../../../worker/telemetry/sample/input-sampler.ts';
import { adder, publication } from '../../../harness/small-models.ts';

const { manifest } = adder('adder', '1', 10);

function tensor(name: string, shape: readonly number[], values: readonly number[]): Tensor {
  return { name, datatype: 'FP32', shape, data: new Uint8Array(Float32Array.from(values).buffer) };
}

function samplerOf(setting: string, random?: () => number): InputSampler {
  return new InputSampler(parseConfig({ INPUT_SAMPLE: setting }).sample, random);
}

const ask = (sampler: InputSampler, asked = manifest, rows = 2) =>
  sampler.sample(
    asked,
    [
      tensor(
        'x',
        [rows, 2],
        Array.from({ length: rows * 2 }, (_, at) => at / 2),
      ),
    ],
    [tensor('y', [rows], new Array<number>(rows).fill(7))],
  );

test('a model that is not named is not sampled', () => {
  const sampler = samplerOf('other=5');
  ask(sampler);
  expect(sampler.take('adder', null)).toBeUndefined();
});

test('each row of a batch is drawn on its own, with its answer; what was taken is not told again', () => {
  const sampler = samplerOf('adder=5');
  ask(sampler);
  const report = sampler.take('adder', 'EU');
  expect(report).toMatchObject({ region: 'EU', size: 5, keptMs: 86_400_000, windows: [{ version: '1', seen: 2 }] });
  const rows = (report?.windows[0]?.rows ?? []).map(({ item }) => [item.features, item.prediction]).sort();
  expect(rows).toEqual([
    ['{"x":[0,0.5]}', '{"y":7}'],
    ['{"x":[1,1.5]}', '{"y":7}'],
  ]);
  expect(sampler.take('adder', 'EU')).toBeUndefined();
});

test('what it holds is told in bytes until it is taken', () => {
  const sampler = samplerOf('adder=5');
  expect(sampler.heldBytes).toBe(0);
  ask(sampler);
  expect(sampler.heldBytes).toBe(2 * ['{"x":[0,0.5]}', '{"y":7}', '{"x":[1,1.5]}', '{"y":7}'].join('').length);
  sampler.take('adder', null);
  expect(sampler.heldBytes).toBe(0);
});

test('columns go by the names that the manifest has for them', () => {
  const named = { ...manifest, features: ['speed', 'say "torque"'] };
  const sampler = samplerOf('adder=5');
  ask(sampler, named, 1);
  expect(sampler.take('adder', null)?.windows[0]?.rows[0]?.item.features).toBe('{"speed":0,"say \\"torque\\"":0.5}');
});

test('rows that are too large, or no text, are counted and take nobody’s place', () => {
  const image = publication('image', '1', new Uint8Array(1), {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3, 40, 40] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
  }).manifest;
  const text = publication('text', '1', new Uint8Array(1), {
    inputs: [{ name: 'x', datatype: 'BYTES', shape: [-1] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
  }).manifest;
  const sampler = samplerOf('image=2,text=2');
  sampler.sample(image, [tensor('x', [2, 3, 40, 40], new Array(9600).fill(0.5))], [tensor('y', [2], [1, 2])]);
  expect(sampler.take('image', null)?.windows).toMatchObject([{ seen: 2, skipped: 2, rows: [] }]);
  const texts = [Uint8Array.of(0xff), new Uint8Array(5000).fill(65), new TextEncoder().encode('ä"'.repeat(700))];
  sampler.sample(text, [{ name: 'x', datatype: 'BYTES', shape: [3], data: texts }], [tensor('y', [3], [1, 2, 3])]);
  const [window] = sampler.take('text', null)?.windows ?? [];
  expect(window).toMatchObject({ seen: 3, skipped: 2, rows: [{ item: { prediction: '{"y":3}' } }] });
});

test('memory is bounded while nobody takes it: rows of a window, and windows of a model', () => {
  vi.useFakeTimers({ now: 3_600_000 });
  try {
    const sampler = samplerOf('adder=5');
    for (let count = 0; count < 50; count++) ask(sampler);
    for (const version of ['2', '3', '4', '5', '6']) ask(sampler, { ...manifest, version });
    const windows = sampler.take('adder', null)?.windows ?? [];
    expect(windows.map(({ version, seen, rows }) => [version, seen, rows.length])).toEqual([
      ['1', 100, 5],
      ['2', 2, 2],
      ['3', 2, 2],
      ['4', 2, 2],
    ]);
    ask(sampler);
    vi.setSystemTime(7_200_000);
    for (const version of ['5', '6', '7', '8']) ask(sampler, { ...manifest, version });
    expect(sampler.take('adder', null)?.windows.map(({ version, fromMs }) => [version, fromMs])).toEqual(
      ['5', '6', '7', '8'].map((version) => [version, 7_200_000]),
    );
  } finally {
    vi.useRealTimers();
  }
});

describe('the setting INPUT_SAMPLE', () => {
  test.each([
    ['', []],
    ['off', []],
    [
      'a=1, b=499',
      [
        ['a', 1],
        ['b', 499],
      ],
    ],
  ])('takes %j', (setting, models) => {
    expect([...parseConfig({ INPUT_SAMPLE: setting }).sample.models]).toEqual(models);
  });

  test.each([
    ['on', "'machine-failure=200', got 'on'"],
    ['a=0', "got 'a=0'"],
    ['A b=5', "got 'A b=5'"],
    ['a=5,a=6', "'a' is named twice"],
    ['a=300,b=201', 'at most 500 rows of all models together, got 501'],
  ])('refuses %j and says why', (setting, message) => {
    expect(() => parseConfig({ INPUT_SAMPLE: setting })).toThrow(/INPUT_SAMPLE: /);
    expect(() => parseConfig({ INPUT_SAMPLE: setting })).toThrow(message);
  });
});
