import fc from 'fast-check';
import { expect, test } from 'vitest';
import { equalBytes, joinBytes, toHex } from '../../registry/bytes.ts';

test('hexadecimal digits are those of Node', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => toHex(bytes) === Buffer.from(bytes).toString('hex')));
});

test('parts are joined in order and copied', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (parts) => {
      const whole = joinBytes(parts);
      expect([...whole]).toEqual(parts.flatMap((part) => [...part]));
      expect(parts.every((part) => part.buffer !== whole.buffer)).toBe(true);
    }),
  );
});

test('bytes are equal to those with the same length and values', () => {
  const few = fc.uint8Array({ max: 1, maxLength: 3 });
  fc.assert(fc.property(few, few, (left, right) => equalBytes(left, right) === (Buffer.compare(left, right) === 0)));
});
