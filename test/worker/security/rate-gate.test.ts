// Rate limits: the gate against a limiter whose word the test gives, and the platform's binding through the built Worker.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limitedAddress, RateGate } from '../../../worker/security/rate-gate.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

function setUp(allowed: number) {
  const asked: string[] = [];
  const behind: Promise<unknown>[] = [];
  const clock = { nowMs: 1_000_000 };
  const limiter = {
    limit: async ({ key }: { key: string }) => {
      asked.push(key);
      return { success: asked.length <= allowed };
    },
  };
  const gate = new RateGate(limiter, 'this key', () => clock.nowMs);
  const scope = { waitUntil: (promise: Promise<unknown>) => void behind.push(promise) };
  return { gate, asked, clock, pass: (key: string) => gate.pass(key, scope), settle: () => Promise.all(behind) };
}

describe('the gate', () => {
  it('counts behind the request and refuses from memory, with the time to come back', async () => {
    const { asked, clock, pass, settle } = setUp(1);
    pass('a');
    // The limiter has not spoken: nobody waits for it.
    pass('a');
    await settle();
    expect(() => pass('a')).toThrow('too many requests from this key; try again in 10 s');
    expect(asked).toEqual(['a', 'a']);
    pass('b');
    clock.nowMs += 9_500;
    expect(() => pass('a')).toThrow('try again in 1 s');
    clock.nowMs += 500;
    pass('a');
    expect(asked).toEqual(['a', 'a', 'b', 'a']);
  });

  it('waits for the word where it is asked to', async () => {
    const { gate } = setUp(1);
    await gate.ask('a');
    await expect(gate.ask('a')).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 10 });
  });

  it('lets through when the limiter fails, and without one', async () => {
    const broken = new RateGate({ limit: () => Promise.reject(new Error('away')) }, 'this key');
    await broken.ask('a');
    await broken.ask('a');
    await new RateGate(undefined, 'this key').ask('a');
  });

  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('%s is limited as %s', (address, limited) => {
    expect(limitedAddress(address)).toBe(limited);
  });
});

describe('a server with limits', () => {
  const question = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };
  let pop: TestPop;
  let keyed: TestPop;

  beforeAll(async () => {
    const rateLimits = { KEY_LIMIT: { limit: 10, period: 60 }, ADDRESS_LIMIT: { limit: 3, period: 60 } } as const;
    pop = await TestPop.start({}, { rateLimits });
    await pop.release(adder('adder', '1', 1));
    const settings = { INFERENCE_ACCESS: 'keyed', KEY_CACHE_SECONDS: '0' };
    keyed = await TestPop.start(settings, { rateLimits: { ADDRESS_LIMIT: { limit: 3, period: 60 } } });
    await keyed.release(adder('adder', '1', 1));
  });
  afterAll(() => Promise.all([pop.stop(), keyed.stop()]));

  function infer(headers: Record<string, string>) {
    return pop.send('POST', '/v2/models/adder/infer', question, headers);
  }

  it.each([
    ['an address', () => ({ 'cf-connecting-ip': '203.0.113.1' }), 'this address'],
    ['a key', async () => ({ 'x-api-key': await makeKey(), 'cf-connecting-ip': '203.0.113.2' }), 'this key'],
  ])('refuses %s that asks too often, and nobody else', async (_, headersOf, named) => {
    const headers = await headersOf();
    await expect.poll(async () => (await infer(headers)).status, { timeout: 20_000 }).toBe(429);
    const refused = await infer(headers);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.json<{ error: string }>().error).toContain(named);
    expect((await infer({ 'cf-connecting-ip': '203.0.113.3' })).status).toBe(200);
  });

  it('refuses a key that asks the control plane too often', async () => {
    const headers = { 'x-api-key': await makeKey(['read']) };
    const look = () => pop.send('GET', '/registry/models', undefined, headers);
    await expect.poll(async () => (await look()).status, { timeout: 20_000 }).toBe(429);
    expect((await look()).json<{ error: string }>().error).toContain('this key');
  });

  it.each([
    ['the data plane', '/v2/models/adder', '203.0.113.11'],
    ['the control plane', '/registry/models', '203.0.113.12'],
  ])(
    'refuses an address that asks %s without a credential, and bounds what the audit writes of it',
    async (_, at, ip) => {
      const look = () => keyed.send('GET', at, undefined, { 'cf-connecting-ip': ip });
      expect((await look()).status).toBe(401);
      await expect.poll(async () => (await look()).status, { timeout: 20_000 }).toBe(429);
      for (let again = 0; again < 40; again++) expect((await look()).status).toBe(429);
      const lines = keyed.logs.filter(({ event, address }) => event === 'audit' && address === ip);
      // A window of the audit may begin in between.
      expect(lines.length).toBeLessThanOrEqual(40);
    },
  );

  it('serves a key that was right before from an address that others have used up', async () => {
    const address = { 'cf-connecting-ip': '203.0.113.13' };
    const made = await keyed.operate('POST', '/registry/keys', { name: 'x', scopes: ['infer'] });
    const good = { ...address, 'x-api-key': made.json<{ token: string }>().token };
    const look = (headers: Record<string, string>) => keyed.send('GET', '/v2/models/adder', undefined, headers);
    expect((await look(good)).status).toBe(200);
    const junk = { ...address, 'x-api-key': `pk_0000000000000000_${'A'.repeat(43)}` };
    await expect.poll(async () => (await look(junk)).status, { timeout: 20_000 }).toBe(429);
    // Nothing is trusted from memory here: the key is read again for this request.
    expect((await look(good)).status).toBe(200);
  });

  it('refuses an address that tries keys', async () => {
    const headers = (attempt: number) => ({
      'cf-connecting-ip': '203.0.113.4',
      'x-api-key': `pk_000000000000000${attempt}_${'A'.repeat(43)}`,
    });
    const statuses = [];
    for (let attempt = 0; attempt < 5; attempt++) statuses.push((await infer(headers(attempt))).status);
    // A minute may begin in between, and the count with it.
    expect(statuses.slice(0, 3)).toEqual([401, 401, 401]);
    expect(statuses).toContain(429);
  });

  async function makeKey(scopes = ['infer']): Promise<string> {
    const answer = await pop.operate('POST', '/registry/keys', { name: 'x', scopes });
    return answer.json<{ token: string }>().token;
  }
});
