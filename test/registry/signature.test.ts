import { expect, test } from 'vitest';
import { datatypes, isFloat } from '../../registry/signature.ts';

test('four datatypes are floating-point numbers', () => {
  expect(datatypes.filter(isFloat)).toEqual(['FP16', 'FP32', 'FP64', 'BF16']);
});
