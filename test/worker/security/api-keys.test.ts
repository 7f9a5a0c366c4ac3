// API keys from creation to revocation, through the built Worker: who gets in, who does not, and what is kept and logged.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../../registry/api/audit.ts';
import { type Answer, TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

interface Created {
  key: { id: string };
  token: string;
}

const question = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };
/** Every key that was made, for the search in the logs. */
const secrets: string[] = [];

let pop: TestPop;

beforeAll(async () => {
  pop = await TestPop.start({ INFERENCE_ACCESS: 'keyed' });
  await pop.release(adder('adder', '1', 1));
  await pop.release(adder('other', '1', 2));
});
afterAll(() => pop.stop());

async function createKey(changes: object = {}): Promise<Created> {
  const request = { name: 'press 7', scopes: ['infer'], ...changes };
  const created = (await pop.operate('POST', '/registry/keys', request)).json<Created>();
  secrets.push(created.token);
  return created;
}

function bearer(token: string) {
  return { authorization: `Bearer ${token}` };
}

function infer(headers: Record<string, string>, model = 'adder'): Promise<Answer> {
  return pop.send('POST', `/v2/models/${model}/infer`, question, headers);
}

function errorOf(answer: Answer): string {
  return answer.json<{ error: string }>().error;
}

describe('a keyed server', () => {
  it('answers nobody without a key, but tells everybody that it lives', async () => {
    const answer = await infer({});
    expect(answer.status).toBe(401);
    expect(errorOf(answer)).toContain('x-api-key');
    expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    for (const path of ['/v2/models', '/v2/models/adder', '/v2/models/adder/ready', '/v2/repository/index']) {
      const method = path.endsWith('index') ? 'POST' : 'GET';
      expect((await pop.send(method, path)).status, path).toBe(401);
    }
    expect((await pop.send('GET', '/v2/health/live')).status).toBe(200);
    expect((await pop.send('GET', '/v2')).status).toBe(200);
  });

  it('takes a key in either header', async () => {
    const { token } = await createKey();
    expect((await infer(bearer(token))).status).toBe(200);
    expect((await infer({ 'x-api-key': token })).status).toBe(200);
  });

  it('refuses keys that it did not make, and those with one character wrong', async () => {
    const { token } = await createKey();
    expect((await infer(bearer(token))).status).toBe(200);
    const flipped = token.slice(0, -2) + (token.at(-2) === 'A' ? 'B' : 'A') + token.slice(-1);
    for (const wrong of [
      flipped,
      `pk_0123456789abcdef_${'A'.repeat(43)}`,
      'pk_',
      'hello',
      `${token}A`,
      'eyJhbGciOiJub25lIn0.e30.x',
    ]) {
      expect((await infer(bearer(wrong))).status, wrong).toBe(401);
    }
    expect((await infer(bearer(token))).status).toBe(200);
  });

  it('refuses a key that has expired', async () => {
    const { token } = await createKey({ expiresAt: '2020-01-01T00:00:00Z' });
    const answer = await infer(bearer(token));
    expect([answer.status, errorOf(answer)]).toEqual([401, expect.stringContaining('expired')]);
  });

  it('refuses a revoked key at once where it was revoked', async () => {
    const { key, token } = await createKey();
    expect((await infer(bearer(token))).status).toBe(200);
    const revoked = await pop.operate('DELETE', `/registry/keys/${key.id}`, { reason: 'left the company' });
    expect(revoked.json()).toMatchObject({ everywhereWithinSeconds: 60, key: { revokedReason: 'left the company' } });
    const answer = await infer(bearer(token));
    expect([answer.status, errorOf(answer)]).toEqual([401, expect.stringContaining('revoked')]);
    // Revoking again changes nothing, and is no change in the audit.
    await pop.operate('DELETE', `/registry/keys/${key.id}`, { reason: 'again' });
    const { keys } = (await pop.operate('GET', '/registry/keys')).json<{ keys: Record<string, unknown>[] }>();
    expect(keys.find(({ id }) => id === key.id)).toMatchObject({ revokedReason: 'left the company' });
  });

  it('keeps nothing of a key but its hash', async () => {
    const { key, token } = await createKey();
    const bucket = await pop.pop.miniflare.getR2Bucket('MODELS');
    for (const { key: name } of (await bucket.list()).objects.filter(({ key }) => /^(keys|audit)/.test(key))) {
      const text = await (await bucket.get(name))?.text();
      expect(text?.includes(token.slice(-43)), name).toBe(false);
    }
    const { keys } = (await pop.operate('GET', '/registry/keys')).json<{ keys: Record<string, unknown>[] }>();
    const listed = keys.find(({ id }) => id === key.id);
    expect(listed).toMatchObject({ name: 'press 7', scopes: ['infer'], models: null, revokedAt: null });
    expect(JSON.stringify(keys)).not.toContain('hash');
  });
});

describe('scopes', () => {
  it.each([
    ['infer', { infer: 200, describe: 200, look: 403, change: 403, administer: 403 }],
    ['read', { infer: 403, describe: 200, look: 200, change: 403, administer: 403 }],
    ['release', { infer: 403, describe: 200, look: 200, change: 200, administer: 403 }],
    ['admin', { infer: 200, describe: 200, look: 200, change: 200, administer: 200 }],
  ])('%s', async (scope, expected) => {
    const headers = bearer((await createKey({ scopes: [scope] })).token);
    const activate = { action: 'activate', version: '1' };
    const got = {
      infer: (await infer(headers)).status,
      describe: (await pop.send('GET', '/v2/models/adder', undefined, headers)).status,
      look: (await pop.send('GET', '/registry/models', undefined, headers)).status,
      change: (await pop.send('POST', '/registry/models/adder/routes', activate, headers)).status,
      administer: (await pop.send('GET', '/registry/keys', undefined, headers)).status,
    };
    expect(got).toEqual(expected);
  });

  it('for some models only', async () => {
    const headers = bearer((await createKey({ scopes: ['infer', 'release'], models: ['adder'] })).token);
    const activate = { action: 'activate', version: '1' };
    expect((await infer(headers)).status).toBe(200);
    const other = await infer(headers, 'other');
    expect([other.status, errorOf(other)]).toEqual([403, "the key is for adder only, not for model 'other'"]);
    // However the name is written.
    expect((await infer(headers, '%6fther')).status).toBe(403);
    expect((await pop.send('POST', '/registry/models/adder/routes', activate, headers)).status).toBe(200);
    expect((await pop.send('POST', '/registry/models/other/routes', activate, headers)).status).toBe(403);
    const listed = await pop.send('GET', '/registry/models', undefined, headers);
    expect(listed.json<{ models: { name: string }[] }>().models.map(({ name }) => name)).toEqual(['adder']);
    const { digest } = adder('other', '1', 2).manifest.artifacts.model;
    expect((await pop.send('GET', `/registry/blobs/${digest}`, undefined, headers)).status).toBe(403);
    expect((await pop.send('HEAD', `/registry/blobs/${digest}`, undefined, headers)).status).toBe(404);
  });

  it("for some models only: another model's blob is named by nobody who does not have its bytes", async () => {
    const key = async () => bearer((await createKey({ scopes: ['infer', 'release'], models: ['adder'] })).token);
    const [headers, colleague] = [await key(), await key()];
    const secret = adder('other', '7', 42);
    await pop.release(secret, false);
    const [blob] = secret.blobs;
    if (blob === undefined) throw new Error('expected a blob');
    const path = `/registry/blobs/${blob.digest}`;
    const register = (version: string, as: Record<string, string>) =>
      pop.send(
        'PUT',
        `/registry/models/adder/versions/${version}`,
        { ...secret.manifest, model: 'adder', version },
        as,
      );

    const refused = await register('71', headers);
    expect([refused.status, errorOf(refused)]).toEqual([
      403,
      expect.stringContaining(`not ${blob.digest}; upload them`),
    ]);
    // Other bytes of the same length prove nothing.
    const guess = blob.bytes.map((byte) => byte ^ 1);
    expect((await pop.send('PUT', path, guess, headers)).status).toBe(422);
    expect((await register('71', headers)).status).toBe(403);
    expect((await pop.send('HEAD', path, undefined, headers)).status).toBe(404);

    expect((await pop.send('PUT', path, blob.bytes, headers)).status).toBe(200);
    expect((await pop.send('HEAD', path, undefined, headers)).status).toBe(200);
    expect((await pop.send('HEAD', path, undefined, colleague)).status).toBe(404);
    expect((await register('71', headers)).status).toBe(201);
    // From now on a version of the model names it, so that every key for the model may.
    expect((await register('72', colleague)).status).toBe(201);
  });

  it('for some models only: a new blob belongs to the key that stored it', async () => {
    const headers = bearer((await createKey({ scopes: ['release'], models: ['adder'] })).token);
    const { manifest, blobs } = adder('adder', '80', 80);
    const [blob] = blobs;
    if (blob === undefined) throw new Error('expected a blob');
    expect((await pop.send('PUT', `/registry/blobs/${blob.digest}`, blob.bytes, headers)).status).toBe(201);
    expect((await pop.send('PUT', '/registry/models/adder/versions/80', manifest, headers)).status).toBe(201);
    expect((await pop.send('PUT', '/registry/models/adder/versions/80', manifest, headers)).status).toBe(200);
  });

  it('for some models only: lists tell of those alone', async () => {
    const headers = bearer((await createKey({ scopes: ['infer', 'read'], models: ['adder'] })).token);
    for (const model of ['adder', 'other']) await infer(bearer(pop.pop.token), model);
    for (const [method, path, key] of [
      ['GET', '/v2/models', 'models'],
      ['GET', '/v2/models?limit=1', 'models'],
      ['POST', '/v2/repository/index', null],
      ['GET', '/v2/models/stats', 'model_stats'],
      ['GET', '/v2/models/stats?scope=all', 'model_stats'],
      ['GET', '/registry/models', 'models'],
    ] as const) {
      const answer = await pop.send(method, path, undefined, headers);
      expect(answer.status, path).toBe(200);
      const body = answer.json<{ name: string }[] & Record<string, { name: string }[]>>();
      const listed = key === null ? body : (body[key] ?? []);
      // The figures of all PoPs come with their next report.
      if (!path.endsWith('all'))
        expect(
          listed.map(({ name }) => name),
          path,
        ).toContain('adder');
      expect(
        listed.map(({ name }) => name),
        path,
      ).not.toContain('other');
    }
    expect((await pop.send('GET', '/v2/models/other', undefined, headers)).status).toBe(403);
  });

  it.each([
    ['no scope', { scopes: [] }, 'scopes'],
    ['an unknown scope', { scopes: ['root'] }, 'scopes.0'],
    ['admin for one model', { scopes: ['admin'], models: ['adder'] }, 'models'],
    ['a name that is none', { name: 'a\nb' }, 'name'],
    ['a time that is none', { expiresAt: 'tomorrow' }, 'expiresAt'],
  ])('%s cannot be had', async (_, changes, field) => {
    const request = { name: 'x', scopes: ['infer'], ...changes };
    const answer = await pop.send('POST', '/registry/keys', request, bearer(pop.pop.token));
    expect([answer.status, errorOf(answer)]).toEqual([400, expect.stringContaining(field)]);
  });
});

describe('the audit', () => {
  it('does not tell the operator’s token where somebody put it into a path', async () => {
    pop.logs.length = 0;
    const answer = await pop.send('GET', `/registry/${pop.pop.token}`, undefined, bearer(pop.pop.token));
    expect([answer.status, errorOf(answer)]).toEqual([404, 'no such path: /registry/[redacted]']);
    // A line of the call before may come after it.
    const ofCall = () => auditLines().filter(({ path }) => path === '/registry/[redacted]');
    await expect.poll(() => ofCall().length).toBe(1);
    expect(JSON.stringify(pop.logs)).not.toContain(pop.pop.token);
  });

  it('has a line for every call of the control plane, refused ones too', async () => {
    pop.logs.length = 0;
    await pop.operate('GET', '/registry/models');
    await pop.send('GET', '/registry/models', undefined, bearer('wrong'));
    await pop.send('POST', '/registry/gc', {}, bearer((await createKey({ scopes: ['read'] })).token));
    await expect.poll(() => auditLines().length).toBe(4);
    expect(auditLines().map(({ caller, method, path, status }) => [caller, method, path, status])).toEqual([
      ['operator', 'GET', '/registry/models', 200],
      ['unknown', 'GET', '/registry/models', 401],
      ['operator', 'POST', '/registry/keys', 201],
      [expect.stringMatching(/^key:[0-9a-f]{16}$/), 'POST', '/registry/gc', 403],
    ]);
  });

  it('has what is refused of load and unload', async () => {
    pop.logs.length = 0;
    const { token } = await createKey({ scopes: ['infer'] });
    const path = '/v2/repository/models/adder/unload';
    for (const headers of [{}, bearer('pk_0000000000000000_nothing'), bearer(token)]) {
      await pop.send('POST', path, {}, headers);
    }
    const refusals = () => auditLines().flatMap((line) => (line.path === path ? [[line.caller, line.status]] : []));
    await expect.poll(() => refusals().length).toBe(3);
    expect(refusals()).toEqual([
      ['unknown', 401],
      ['unknown', 401],
      [expect.stringMatching(/^key:/), 403],
    ]);
  });

  it('keeps every change, with who made it in a name that a key cannot forge', async () => {
    const { key, token } = await createKey({ scopes: ['release'] });
    const headers = { ...bearer(token), 'popserve-actor': 'operator' };
    const alias = { action: 'alias', name: 'night', version: '1', reason: 'shift' };
    expect((await pop.send('POST', '/registry/models/adder/routes', alias, headers)).status).toBe(201);
    const { records } = (await pop.operate('GET', '/registry/audit?limit=2')).json<{ records: AuditRecord[] }>();
    expect(records[0]).toMatchObject({
      change: 'route',
      actor: `operator (key:${key.id})`,
      caller: `key:${key.id}`,
      status: 201,
      details: { model: 'adder', action: alias },
    });
    expect(records[1]).toMatchObject({ change: 'key created', actor: 'operator', details: { id: key.id } });
    const page = await pop.operate('GET', '/registry/audit?limit=1');
    const { next } = page.json<{ next: string }>();
    const rest = await pop.operate('GET', `/registry/audit?limit=1&after=${next}`);
    expect(rest.json<{ records: AuditRecord[] }>().records[0]).toMatchObject({ change: 'key created' });
  });

  function auditLines() {
    return pop.logs.filter(({ event }) => event === 'audit');
  }
});

describe('a canary', () => {
  it('keeps a key on one side when the request names no device', async () => {
    await pop.release(adder('sticky', '1', 1));
    await pop.release(adder('sticky', '2', 2), false);
    await pop.takeOver('sticky', { action: 'canary', version: '2', percent: 50 });
    const served = new Set<string>();
    for (let keys = 0; served.size < 2 && keys < 64; keys++) {
      const { token } = await createKey();
      const answers = [await infer(bearer(token), 'sticky'), await infer(bearer(token), 'sticky')];
      const [first, second] = answers.map(({ headers }) => headers.get('popserve-version'));
      expect(second).toBe(first);
      served.add(String(first));
    }
    // All from one address: only the key can have told them apart.
    expect(served).toEqual(new Set(['1', '2']));
  });
});

describe('secrets', () => {
  it('stand in no log line and in no error, whatever was asked', async () => {
    const { token } = await createKey();
    const answers = [
      await infer({ 'x-api-key': `${token}x` }),
      await infer({ authorization: `Basic ${btoa(`user:${token}`)}` }),
      await pop.send('GET', `/registry/${token}?key=${token}`, undefined, bearer(`${token}x`)),
      await pop.send('POST', '/registry/keys', `{"name": "${token}`, bearer(pop.pop.token)),
      await pop.send('GET', `/v2/nothing?api_key=${token}`),
    ];
    for (const answer of answers) expect(answer.status).toBeGreaterThanOrEqual(400);
    await expect.poll(() => JSON.stringify(pop.logs)).toContain('/registry/');
    const logged = JSON.stringify(pop.logs);
    expect(secrets.length).toBeGreaterThan(10);
    for (const secret of [...secrets, pop.pop.token]) {
      expect(logged.includes(secret.slice(-40)), 'a secret is in the logs').toBe(false);
    }
    const told = answers.map(({ bytes }) => new TextDecoder().decode(bytes)).join('\n');
    expect(told).not.toContain(token.slice(-40));
  });
});
