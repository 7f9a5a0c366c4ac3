import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnNames, fitInputs } from '../../registry/features.ts';
import type { TensorSpec } from '../../registry/signature.ts';
import '../harness/property-seed.ts';

const spec = (name: string, shape: number[]): TensorSpec => ({ name, datatype: 'FP32', shape });
const type = spec('type', [-1, 1]);
const sensors = spec('sensors', [-1, 2]);

describe('names of columns', () => {
  it.each<[string, TensorSpec[], string[] | undefined, Record<string, string[]>]>([
    ['are none without features', [sensors], undefined, {}],
    ['are those of the only input', [sensors], ['torque', 'wear'], { sensors: ['torque', 'wear'] }],
    ['are none where the only input has its own name', [sensors], ['sensors'], {}],
    [
      'are those of a vector beside others',
      [type, sensors],
      ['type', 'torque', 'wear'],
      { sensors: ['torque', 'wear'] },
    ],
    ['may rename an input of one column', [type, sensors], ['kind', 'sensors'], { type: ['kind'] }],
    [
      'are those of several vectors',
      [sensors, type, spec('size', [-1, 2])],
      ['torque', 'wear', 'type', 'width', 'height'],
      { sensors: ['torque', 'wear'], size: ['width', 'height'] },
    ],
    ['are none where the inputs are named, in any order', [type, sensors], ['sensors', 'type'], {}],
    ['are none where names are left over', [type, sensors], ['type', 'torque', 'wear', 'speed'], {}],
    ['are none where names lack', [type, sensors], ['type', 'torque'], {}],
    ['are none of an input that is no vector', [spec('scalar', []), sensors], ['a', 'torque', 'wear'], {}],
  ])('%s', (_, inputs, features, expected) => {
    expect(Object.fromEntries(columnNames({ inputs }, features))).toEqual(expected);
  });

  it('are found again in the list that they were written to', () => {
    const inputs = fc
      .uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 5 })
      .chain((names) =>
        fc.tuple(
          ...names.map((name) =>
            fc.record({
              spec: fc.integer({ min: 1, max: 4 }).map((size) => spec(name, [-1, size])),
              named: fc.boolean(),
            }),
          ),
        ),
      );
    fc.assert(
      fc.property(inputs, (drawn) => {
        const columns = new Map(
          drawn
            .filter(({ named }) => named)
            .map(({ spec: { name, shape } }) => [
              name,
              Array.from({ length: shape[1] ?? 0 }, (_, at) => `${name}/${at}`),
            ]),
        );
        const specs = drawn.map((each) => each.spec);
        const features = specs.flatMap(({ name }) => columns.get(name) ?? [name]);
        expect(columnNames({ inputs: specs }, features)).toEqual(columns);
        expect(fitInputs(specs, features)).toBe(true);
      }),
    );
  });
});
