import { expect, test } from 'vitest';
import { mebibyte, mebibytes } from '../../registry/mebibytes.ts';

test('bytes are shown in mebibytes with their unit', () => {
  expect(mebibytes(12.54 * mebibyte)).toBe('12.5 MiB');
  expect(mebibytes(mebibyte / 3, 2)).toBe('0.33 MiB');
});
