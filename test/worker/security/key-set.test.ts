// The keys of an identity provider: how often it is asked, whatever tokens come and however it answers, and what of it is taken.
import { exportJWK, generateKeyPair, type JWTHeaderParameters } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { KeySet } from '../../../worker/security/key-set.ts';

const { publicKey } = await generateKeyPair('ES256');
const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' };
const one = { alg: 'ES256', kid: 'one' };

const json = (value: unknown, headers: Record<string, string> = { 'content-type': 'application/json' }, status = 200) =>
  new Response(typeof value === 'string' ? value : JSON.stringify(value), { status, headers });

let nowMs: number;
let asked: RequestInit[];
let answer: () => Response | Promise<Response>;
let keys: KeySet;
beforeEach(() => {
  nowMs = 1_000_000;
  asked = [];
  answer = () => json({ keys: [jwk] });
  keys = new KeySet(new URL('https://login.example.com/keys'), {
    fetch: async (_, init = {}) => {
      asked.push(init);
      return await answer();
    },
    now: () => nowMs,
  });
});

const behind: Promise<unknown>[] = [];
const scope = { waitUntil: (promise: Promise<unknown>) => void behind.push(promise) };
const flattened = { payload: '', signature: '' };

/** What a token of this header gets. */
async function find(header: JWTHeaderParameters): Promise<string> {
  try {
    await keys.keyFor(scope)(header, flattened);
    return 'found';
  } catch (error) {
    return String((error as { code: unknown }).code);
  }
}

const unknown = 'ERR_JWKS_NO_MATCHING_KEY';

describe('a provider that answers', () => {
  it('is asked once for all tokens that come together, and again after ten minutes', async () => {
    expect(await Promise.all(Array.from({ length: 50 }, () => find(one)))).toEqual(Array(50).fill('found'));
    nowMs += 599_000;
    expect([await find(one), asked.length]).toEqual(['found', 1]);
    nowMs += 1000;
    expect([await find(one), asked.length]).toEqual(['found', 2]);
  });

  it('is asked for unknown keys at most every 30 s, however many tokens name some', async () => {
    await find(one);
    for (let second = 0; second < 300; second++) {
      const junk = Array.from({ length: 10 }, (_, index) => find({ alg: 'ES256', kid: `${second}.${index}` }));
      expect(new Set(await Promise.all(junk))).toEqual(new Set([unknown]));
      nowMs += 1000;
    }
    expect(asked.length).toBe(1 + 9);
  });

  it('gives a new key as soon as it may be asked again', async () => {
    answer = () => json({ keys: [] });
    expect(await find(one)).toBe(unknown);
    answer = () => json({ keys: [jwk] });
    expect(await find(one)).toBe(unknown);
    nowMs += 30_000;
    expect(await find(one)).toBe('found');
  });

  it('is not followed elsewhere, and has to answer in five seconds', async () => {
    await find(one);
    expect(asked[0]).toMatchObject({ redirect: 'manual', signal: expect.any(AbortSignal) });
  });
});

describe('a provider that fails', () => {
  it('is asked again after 1, 2, 4 … 60 s, not once for each token', async () => {
    answer = () => Promise.reject(new TypeError('no network'));
    const askedAt: number[] = [];
    for (let second = 0; second < 300; second++) {
      const before = asked.length;
      expect(new Set(await Promise.all([find(one), find({ alg: 'ES256', kid: `${second}` })]))).toEqual(
        new Set(['UNAVAILABLE']),
      );
      if (asked.length > before) askedAt.push(second);
      nowMs += 1000;
    }
    expect(askedAt).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    expect(asked.length).toBe(askedAt.length);
  });

  it('says when to come back', async () => {
    answer = () => json('', {}, 503);
    await expect(keys.keyFor(scope)(one, flattened)).rejects.toMatchObject({ retryAfterSeconds: 1 });
    nowMs += 1000;
    await expect(keys.keyFor(scope)(one, flattened)).rejects.toMatchObject({ retryAfterSeconds: 2 });
  });

  it('leaves the keys that it gave last for an hour', async () => {
    await find(one);
    answer = () => json('', {}, 500);
    nowMs += 3_599_000;
    expect(await find(one)).toBe('found');
    nowMs += 1000;
    expect(await find(one)).toBe('UNAVAILABLE');
    nowMs += 60_000;
    answer = () => json({ keys: [jwk] });
    expect(await find(one)).toBe('found');
  });

  it('by never answering is asked again once the fetch counts as lost', async () => {
    answer = () => new Promise(() => undefined);
    const waiting = find(one);
    nowMs += 10_001;
    answer = () => json({ keys: [jwk] });
    expect(await find(one)).toBe('found');
    expect([await waiting, asked.length]).toEqual(['found', 2]);
  });
});

describe('a set', () => {
  const rsa = (n: string, e = 'AQAB') => ({ kty: 'RSA', kid: 'big', alg: 'RS256', n, e });
  it.each([
    ['has more than 100 keys', () => json({ keys: Array(101).fill(jwk) })],
    ['has more than 256 KiB', () => json({ keys: [jwk], more: 'a'.repeat(262_144) })],
    ['is no JSON', () => json('{"keys":')],
    ['is not UTF-8', () => new Response(Buffer.from([0xff]), { headers: { 'content-type': 'application/json' } })],
    ['has no keys', () => json({})],
    ['comes as a page', () => json({ keys: [jwk] }, { 'content-type': 'text/html' })],
    ['comes as nothing', () => json({ keys: [jwk] }, { 'content-type': '' })],
    ['comes with a redirect', () => json({ keys: [jwk] }, { 'content-type': 'application/json', location: '/' }, 302)],
  ])('is not taken if it %s', async (_, wrong) => {
    answer = wrong;
    expect(await find(one)).toBe('UNAVAILABLE');
  });

  it('is read no further than its limit', async () => {
    let pulled = 0;
    const endless = new ReadableStream({
      pull(controller) {
        pulled += 65_536;
        controller.enqueue(new Uint8Array(65_536).fill(0x20));
      },
    });
    answer = () => new Response(endless, { headers: { 'content-type': 'application/json' } });
    expect(await find(one)).toBe('UNAVAILABLE');
    expect(pulled).toBeLessThanOrEqual(8 * 65_536);
  });

  it.each([
    ['a modulus of more than 8,192 bits', rsa('a'.repeat(1367))],
    ['an exponent of more than six bytes', rsa('a'.repeat(400), 'A'.repeat(9))],
    ['a number for a kid', { ...jwk, kid: 7 }],
    ['nothing in it', {}],
    ['another type', 'key'],
  ])('loses a key with %s and keeps the others', async (_, wrong) => {
    answer = () => json({ keys: [wrong, jwk] });
    expect(await find(one)).toBe('found');
    expect(await find({ alg: 'RS256', kid: 'big' })).toBe(unknown);
  });

  it('may come as application/jwk-set+json', async () => {
    answer = () => json({ keys: [jwk] }, { 'content-type': 'application/jwk-set+json; charset=utf-8' });
    expect(await find(one)).toBe('found');
  });
});
