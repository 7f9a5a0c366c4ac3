import { describe, expect, it } from 'vitest';
import type { TensorSpec } from '../../../registry/signature.ts';
import { featureList, namedColumns, recordNames } from '../../../scripts/publish/name-columns.ts';

const spec = (name: string, shape: number[], datatype: TensorSpec['datatype'] = 'FP32'): TensorSpec => ({
  ...{ name, datatype, shape },
});
const type = spec('type', [-1, 1], 'BYTES');
const sensors = spec('sensors', [-1, 3]);
const sizes = spec('sizes', [-1, 2]);
const open = spec('open', [-1, -1]);
const names = (given: string[][], ...inputs: TensorSpec[]) => Object.fromEntries(namedColumns(given, inputs));

describe('--features', () => {
  it.each<[string, string[][], TensorSpec[], Record<string, string[]>]>([
    ['of the only input', [['a', 'b', 'c']], [sensors], { sensors: ['a', 'b', 'c'] }],
    ['of the only vector', [['a', 'b', 'c']], [type, sensors], { sensors: ['a', 'b', 'c'] }],
    ['of an input that is named', [['sensors=a', 'b', 'c']], [sizes, sensors], { sensors: ['a', 'b', 'c'] }],
    [
      'of several inputs',
      [['sensors=a', 'b', 'c'], ['sizes=w', 'h'], ['type=kind']],
      [type, sizes, sensors],
      { sensors: ['a', 'b', 'c'], sizes: ['w', 'h'], type: ['kind'] },
    ],
    ['that are the inputs themselves', [['sensors', 'type']], [type, sensors], {}],
    ['that is the only input itself', [['sensors']], [sensors], {}],
    ['of any number, where that is open', [['a', 'b']], [open], { open: ['a', 'b'] }],
    [
      'of one-hot columns',
      [['city=Rome', 'city=Ulm', 'rent']],
      [sensors],
      { sensors: ['city=Rome', 'city=Ulm', 'rent'] },
    ],
  ])('are names %s', (_, given, inputs, expected) => {
    expect(names(given, ...inputs)).toEqual(expected);
  });

  it.each<[string, string[][], TensorSpec[], string]>([
    [
      'of two vectors',
      [['a', 'b']],
      [type, sensors, sizes],
      '--features a,b: the model has 2 inputs of several columns; say whose names they are: --features sensors=A,B,… --features sizes=A,B,…',
    ],
    [
      'without a vector',
      [['a', 'b']],
      [type, spec('age', [-1, 1])],
      "--features a,b: expected an input of several columns, the model has 'type' BYTES [-1,1], 'age' FP32 [-1,1]",
    ],
    [
      'of another number',
      [['a', 'b']],
      [type, sensors],
      "--features: input 'sensors' FP32 [-1,3] has 3 columns, got 2: a, b",
    ],
    [
      'twice',
      [
        ['a', 'b', 'c'],
        ['sensors=d', 'e', 'f'],
      ],
      [type, sensors],
      "--features: input 'sensors' has names twice",
    ],
    ['of columns whose number is open', [['open=a', 'b']], [type, open], 'is open, so they have no names'],
    [
      'of an input with more axes',
      [['a', 'b']],
      [spec('x', [-1, 2, 1])],
      "input 'x' FP32 [-1,2,1] is no vector [-1,COLUMNS], so its elements have no names; --column x=A,B,… says",
    ],
  ])('are refused %s', (_, given, inputs, message) => {
    expect(() => names(given, ...inputs)).toThrow(message);
  });

  it('are kept in the order of the inputs', () => {
    const signature = { inputs: [type, sensors], outputs: [] };
    expect(featureList(signature, namedColumns([['a', 'b', 'c']], signature.inputs))).toEqual(['type', 'a', 'b', 'c']);
    expect(featureList(signature, new Map())).toBeUndefined();
  });
});

describe('names that data give', () => {
  const inputs = [type, sensors];
  const data = (file: string, ...columns: string[]) => ({
    ...{ names: new Map([['sensors', columns]]), reference: { file } },
  });

  it('are those of the first file, which is told', () => {
    const { columns, notes } = recordNames(new Map(), [data('a.csv', 'x', 'y', 'z'), data('b.csv', 'r', 's', 't')], {
      ...{ inputs, outputs: [] },
    });
    expect([...columns]).toEqual([['sensors', ['x', 'y', 'z']]]);
    expect(notes).toEqual([
      "records name the columns of input 'sensors' as a.csv does: x, y, z (--features names others)",
    ]);
  });

  it('do not stand in for given ones', () => {
    const given = new Map([['sensors', ['a', 'b', 'c']]]);
    const found = recordNames(given, [data('a.csv', 'x', 'y', 'z')], { inputs, outputs: [] });
    expect(found).toEqual({ columns: given, notes: [] });
  });

  it.each([
    ['type', ['type', 'y', 'z']],
    ['constructor', ['x', 'constructor', 'z']],
    ['x', ['x', 'y', 'x']],
  ])('are left out because of %s', (odd, columns) => {
    const found = recordNames(new Map(), [data('a.csv', ...columns)], { inputs, outputs: [] });
    expect(found.columns.size).toBe(0);
    expect(found.notes).toEqual([
      `records cannot name the columns of input 'sensors' as a.csv does, because of '${odd}'; --features names others`,
    ]);
  });
});
