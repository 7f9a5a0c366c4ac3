// When two engines say the same: numbers within the tolerance of their output, and the same class but for ties.
import { describe, expect, it } from 'vitest';
import { Agreement, steppedTolerances } from '../../../../scripts/publish/engine/agreement.ts';
import { floatsOf, randomInputs } from '../../../../scripts/publish/engine/random-inputs.ts';
import type { Tensor } from '../../../../worker/protocol/tensor.ts';

function tensor(name: string, shape: readonly number[], values: readonly number[]): Tensor {
  return { name, datatype: 'FP32', shape, data: new Uint8Array(Float32Array.from(values).buffer) };
}

const loose = { absolute: 0.1, relative: 0 };

describe('the tolerance of a quantised output', () => {
  it('is two of its steps where that is more than the version’s own', () => {
    expect(steppedTolerances({ scores: 0.0125, boxes: 1.5, fine: 1e-4 }, { absolute: 1e-3, relative: 1e-3 })).toEqual({
      scores: 0.025,
      boxes: 3,
    });
  });
});

describe('the agreement of two engines', () => {
  it('holds each output against its own tolerance', () => {
    const tolerance = (output: string) => ({ absolute: output === 'coarse' ? 1 : 0.01, relative: 0 });
    const agreement = new Agreement(tolerance, new Set());
    const expected = [tensor('coarse', [1], [5]), tensor('fine', [1], [5])];
    expect(agreement.add(expected, [tensor('coarse', [1], [5.9]), tensor('fine', [1], [5])])).toBeNull();
    expect(agreement.add(expected, [tensor('coarse', [1], [5]), tensor('fine', [1], [5.9])])).toContain(
      "'fine' differs",
    );
  });

  it('counts rows with another class, although every number is within the tolerance', () => {
    const agreement = new Agreement(() => loose, new Set(['scores']));
    const expected = [tensor('scores', [2, 2], [0.51, 0.49, 0.9, 0.1])];
    expect(agreement.add(expected, [tensor('scores', [2, 2], [0.49, 0.51, 0.9, 0.1])])).toBeNull();
    expect(agreement.otherClasses).toBe('other classes in 1 of 2 rows');
  });

  it('lets one row of a thousand have another', () => {
    const agreement = new Agreement(() => loose, new Set(['scores']));
    agreement.add([tensor('scores', [1, 2], [0.51, 0.49])], [tensor('scores', [1, 2], [0.49, 0.51])]);
    for (let row = 0; row < 999; row++) {
      agreement.add([tensor('scores', [1, 2], [0.9, 0.1])], [tensor('scores', [1, 2], [0.9, 0.1])]);
    }
    expect(agreement.otherClasses).toBeNull();
  });

  it('takes any class of several with the same score, and no class from other outputs', () => {
    const agreement = new Agreement(() => loose, new Set(['scores']));
    agreement.add([tensor('scores', [1, 2], [0.5, 0.5])], [tensor('scores', [1, 2], [0.49, 0.5])]);
    agreement.add([tensor('other', [1, 2], [0.51, 0.49])], [tensor('other', [1, 2], [0.49, 0.51])]);
    expect(agreement.otherClasses).toBeNull();
  });

  it('finds a number that is none', () => {
    const agreement = new Agreement(() => loose, new Set());
    expect(agreement.add([tensor('y', [1], [1])], [tensor('y', [1], [Number.NaN])])).not.toBeNull();
  });
});

describe('random inputs', () => {
  it('lie between the least and the largest of the given ones, and are the same every time', () => {
    const given = [[tensor('x', [2], [-1, 2])], [tensor('x', [2], [0, 5])]];
    const draw = () => {
      const drawn = randomInputs(given);
      return Array.from({ length: 20 }, () => drawn.next().value.map((input) => [...floatsOf(input)])).flat(2);
    };
    const values = draw();
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...values)).toBeLessThanOrEqual(5);
    expect(Math.max(...values)).toBeGreaterThan(2);
    expect(draw()).toEqual(values);
  });
});
