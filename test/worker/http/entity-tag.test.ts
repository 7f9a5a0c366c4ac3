// If-None-Match: every form that RFC 9110 gives it.
import { expect, test } from 'vitest';
import { clientHolds } from '../../../worker/http/entity-tag.ts';

const etag = '"sha256:0a1b"';

test.each([
  ['the tag itself', etag],
  ['the tag weakened', `W/${etag}`],
  ['a list with the tag at its end', `"one", W/"two",${etag}`],
  ['a list with the tag weakened, without spaces', `"one",W/${etag},"two"`],
  ['anything', '*'],
  ['anything, with spaces around it', ' * '],
  ['a tag after one with a comma in it', `"a, b", ${etag}`],
])('%s is held', (_, header) => {
  expect(clientHolds(header, etag)).toBe(true);
});

test.each([
  ['no header', undefined],
  ['an empty header', ''],
  ['another tag', '"other"'],
  ['the tag without its quotes', etag.slice(1, -1)],
  ['the tag as a part of another one', '"sha256:0a1bc"'],
  ['a star in quotes', '"*"'],
])('%s is not', (_, header) => {
  expect(clientHolds(header, etag)).toBe(false);
});
