import { expect, test } from 'vitest';
import { errorMessageOf } from '../../registry/error-answer.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

test('the message is that of an error of popserve', () => {
  expect(errorMessageOf(bytesOf('{"error":"no such model"}'))).toBe('no such model');
});

test.each(['', '<html>Bad Gateway</html>', 'null', '"error"', '[]', '{}', '{"error":""}', '{"error":{"code":1}}'])(
  'there is none in %j',
  (body) => {
    expect(errorMessageOf(bytesOf(body))).toBeNull();
  },
);
