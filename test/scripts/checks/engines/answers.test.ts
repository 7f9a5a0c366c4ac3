// Answers of two engines held against each other.
import { expect, test } from 'vitest';
import { differenceOf, sameClasses } from '../../../../scripts/checks/engines/answers.ts';

const output = (name: string, ...values: number[]) => ({
  ...{ name, elementType: 1, shape: [1, values.length] },
  data: new Uint8Array(Float32Array.from(values).buffer),
});

test('an element is beyond the tolerance of its own output', () => {
  const expected = [output('scores', 0.1, 0.9), output('boxes', 1, 2)];
  const actual = [output('scores', 0.105, 0.9), output('boxes', 1.005, 2)];
  expect(differenceOf(expected, actual)).toMatchObject({ beyondTolerance: 2, elements: 4 });
  const stepped = (name: string) => ({ absolute: name === 'scores' ? 0.01 : 1e-3, relative: 1e-3 });
  const { beyondTolerance, largest } = differenceOf(expected, actual, stepped);
  expect(beyondTolerance).toBe(1);
  expect(largest).toBeCloseTo(0.005, 6);
});

test('not a number on one side only is beyond every tolerance', () => {
  expect(differenceOf([output('x', 1)], [output('x', Number.NaN)])).toMatchObject({ beyondTolerance: 1 });
});

test('classes are those of the outputs that give one', () => {
  const [one, other] = [[output('scores', 0.4, 0.6)], [output('scores', 0.6, 0.4)]];
  expect(sameClasses(one, other, ['scores'])).toBe(false);
  expect(sameClasses(one, other, [])).toBe(true);
});
