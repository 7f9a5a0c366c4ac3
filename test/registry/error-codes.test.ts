import { expect, test } from 'vitest';
import { errorCodeOf, statusByCode } from '../../registry/error-codes.ts';
import { PopserveError } from '../../registry/errors.ts';

test.each(Object.entries(statusByCode))('%s is told by the status %d and back', (code, status) => {
  expect(errorCodeOf(status)).toBe(code);
  expect(new PopserveError(errorCodeOf(status), '').status).toBe(status);
});

test.each([
  [412, 'CONFLICT'],
  [502, 'UNAVAILABLE'],
  [504, 'UNAVAILABLE'],
  [418, 'INVALID_ARGUMENT'],
  [599, 'INTERNAL'],
])('a status %d that popserve does not send counts as %s', (status, code) => {
  expect(errorCodeOf(status)).toBe(code);
});
