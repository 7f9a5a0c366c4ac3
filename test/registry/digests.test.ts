import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { digestHex, sha256Digest } from '../../registry/digests.ts';

it('hashes text as its UTF-8 bytes', async () => {
  expect(await sha256Digest('hello')).toBe('sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824');
  expect(await sha256Digest('é')).toBe(await sha256Digest(new Uint8Array([0xc3, 0xa9])));
});

it('gives the digest that Node gives, for any bytes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array(), async (bytes) => {
      const copy = Uint8Array.from(bytes);
      expect(digestHex(await sha256Digest(copy))).toBe(createHash('sha256').update(copy).digest('hex'));
    }),
  );
});
