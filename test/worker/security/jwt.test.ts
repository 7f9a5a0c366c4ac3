// Tokens of an identity provider, through the built Worker; the provider is a server on this machine.
import { createServer, type Server } from 'node:http';
import { CompactSign, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../../worker/config.ts';
import { eventually } from '../../harness/eventually.ts';
import { close, listen } from '../../harness/http-server.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

const issuer = 'https://login.example.com';
const audience = 'popserve';
const question = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };

const { publicKey, privateKey } = await generateKeyPair('ES256');
const stranger = await generateKeyPair('ES256');

let provider: Server;
let asked = 0;
let pop: TestPop;

beforeAll(async () => {
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] };
  provider = createServer((_, response) => {
    asked++;
    response.setHeader('content-type', 'application/json').end(JSON.stringify(jwks));
  });
  const url = await listen(provider);
  pop = await TestPop.start({
    INFERENCE_ACCESS: 'keyed',
    JWT_JWKS_URL: `${url}/keys`,
    JWT_ISSUER: issuer,
    JWT_AUDIENCE: audience,
  });
  await pop.release(adder('adder', '1', 1));
  await pop.release(adder('other', '1', 2));
});
afterAll(async () => {
  await pop.stop();
  await close(provider);
});

interface Changes {
  claims?: JWTPayload;
  expires?: string;
  by?: typeof privateKey;
}

function sign({ claims = {}, expires = '5m', by = privateKey }: Changes = {}): Promise<string> {
  return new SignJWT({ scope: 'openid popserve:infer', iss: issuer, aud: audience, sub: 'alice', ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setIssuedAt()
    .setExpirationTime(expires)
    .sign(by);
}

/** A token with just these claims, as their JSON is written; whatever they are, the signature is right. */
function signText(claims: string): Promise<string> {
  return new CompactSign(new TextEncoder().encode(claims))
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .sign(privateKey);
}

const good = () => {
  const now = Math.floor(Date.now() / 1000);
  return { iss: issuer, aud: audience, sub: 'alice', iat: now, exp: now + 300, scope: 'popserve:infer' };
};

async function infer(token: string, model = 'adder') {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await pop.send('POST', `/v2/models/${model}/infer`, question, headers);
  return { status: answer.status, error: answer.json<{ error?: string }>().error };
}

describe('a token', () => {
  it('lets its subject in, and the keys of the issuer are fetched once', async () => {
    const token = await sign();
    for (let again = 0; again < 3; again++) expect(await infer(token)).toMatchObject({ status: 200 });
    expect(await infer(await sign({ claims: { sub: 'bob' } }))).toMatchObject({ status: 200 });
    expect(asked).toBe(1);
  });

  it.each([
    ['another issuer', { claims: { iss: 'https://evil.example' } }, 'iss'],
    ['another audience', { claims: { aud: 'payroll' } }, 'aud'],
    ['an end in the past', { expires: '-5m' }, 'exp'],
    ['another key', { by: stranger.privateKey }, 'signature'],
  ])('with %s is refused', async (_, changes: Changes, named) => {
    expect(await infer(await sign(changes))).toEqual({ status: 401, error: expect.stringContaining(named) });
  });

  it('without a signature is refused', async () => {
    const parts = (await sign()).split('.');
    const header = Buffer.from('{"alg":"none"}').toString('base64url');
    expect((await infer(`${header}.${parts[1]}.${parts[2]}`)).status).toBe(401);
  });

  it('may only what its scopes say; those of other services are not ours', async () => {
    expect(await infer(await sign({ claims: { scope: 'infer admin' } }))).toMatchObject({ status: 403 });
    const release = { authorization: `Bearer ${await sign({ claims: { scope: 'popserve:release' } })}` };
    const activate = { action: 'activate', version: '1' };
    const answer = await pop.send('POST', '/registry/models/adder/routes', activate, release);
    expect(answer.status).toBe(200);
    const keys = await pop.send('GET', '/registry/keys', undefined, release);
    expect(keys.status).toBe(403);
  });

  it('is for the models of its claim only; a claim that cannot be read allows none', async () => {
    const some = await sign({ claims: { popserve_models: ['adder'] } });
    expect((await infer(some)).status).toBe(200);
    expect((await infer(some, 'other')).status).toBe(403);
    expect((await infer(await sign({ claims: { popserve_models: 7 } }))).status).toBe(403);
  });
});

const wrongValues = ['7', '-1', '1e400', 'true', 'null', '[]', '{}', '""', '[[]]', '{"toString":1}'];
/** What a claim may be beside what the others have. */
const taken: Readonly<Record<string, readonly string[]>> = { nbf: ['7'], iat: ['7'] };

describe('a signed token', () => {
  const claims = ['iss', 'aud', 'sub', 'exp', 'nbf', 'iat'];
  it.each(claims.flatMap((claim) => wrongValues.map((value) => [claim, value] as const)))(
    'with %s %s is refused by name, and never fails',
    async (claim, value) => {
      const { [claim as 'iss']: _, ...others } = good();
      const text = `{"${claim}":${value},${JSON.stringify(others).slice(1)}`;
      const { status, error = '' } = await infer(await signText(text));
      if (taken[claim]?.includes(value)) expect(status).toBe(200);
      else expect([status, error]).toEqual([401, expect.stringContaining(claim)]);
    },
  );

  it.each(['"scope"', '"popserve_models"', '"name"'].flatMap((claim) => wrongValues.map((value) => [claim, value])))(
    'with %s %s allows nothing that it does not name',
    async (claim, value) => {
      const { scope: _, ...others } = good();
      const rest = claim === '"scope"' ? others : good();
      const { status } = await infer(await signText(`{${claim}:${value},${JSON.stringify(rest).slice(1)}`));
      expect(status).toBe(claim === '"name"' ? 200 : 403);
    },
  );

  it.each([
    ['a claim twice', `{"sub":"bob",${JSON.stringify(good()).slice(1)}`, 'claims: a member is there twice'],
    [
      'a nested member twice',
      `{"x":[{"a":1,"\\u0061":"a:b"}],${JSON.stringify(good()).slice(1)}`,
      'claims: a member is',
    ],
    ['__proto__', `{"__proto__":{"sub":"x"},${JSON.stringify(good()).slice(1)}`, "claims: '__proto__' is refused"],
    ['constructor', `{"x":{"constructor":1},${JSON.stringify(good()).slice(1)}`, "claims: 'constructor' is refused"],
    ['a list for claims', '[]', 'claims: '],
    ['text for claims', '"alice"', 'claims: '],
    ['no JSON', 'alice', 'claims: expected JSON'],
    ['an end after the year 9999', JSON.stringify({ ...good(), exp: 253402300800 }), 'exp'],
    ['no end', JSON.stringify({ ...good(), exp: undefined }), 'exp'],
    ['a subject of 5,000 characters', JSON.stringify({ ...good(), sub: 'a'.repeat(4097) }), 'sub'],
  ])('with %s is refused', async (_, text, told) => {
    expect(await infer(await signText(text))).toEqual({ status: 401, error: expect.stringContaining(told) });
  });

  it.each([
    ['a number for alg', '{"alg":7}', 'header: alg'],
    ['a number for kid', '{"alg":"ES256","kid":7}', 'header: kid'],
    ['a secret for everybody', '{"alg":"HS256","kid":"one"}', 'alg'],
    ['no signature', '{"alg":"none"}', 'alg'],
    ['an extension', '{"alg":"ES256","kid":"one","crit":["x"],"x":1}', 'Extension'],
    ['alg twice', '{"alg":"none","alg":"ES256","kid":"one"}', 'header: a member is there twice'],
    ['__proto__', '{"alg":"ES256","__proto__":{"kid":"one"}}', "header: '__proto__' is refused"],
    ['a list', '{"alg":["ES256"]}', 'header: alg'],
  ])('whose header has %s is refused', async (_, header, told) => {
    const [, payload, signature] = (await sign()).split('.');
    const token = `${Buffer.from(header).toString('base64url')}.${payload}.${signature}`;
    expect(await infer(token)).toEqual({ status: 401, error: expect.stringContaining(told) });
  });
});

it('subjects that begin alike are told apart, and none can take the name of another', async () => {
  const long = 'a'.repeat(150);
  const subjects = [`${long}1`, `${long}2`, 'ä', 'ö', '\ud800', '\ud801', 'bob', 'a~b'];
  const idOf = async (subject: string) => {
    const token = await signText(JSON.stringify({ ...good(), scope: 'popserve:read', sub: subject }));
    const before = pop.logs.length;
    await pop.send('GET', '/registry/models', undefined, { authorization: `Bearer ${token}` });
    return await eventually(() => {
      const line = pop.logs.slice(before).find(({ event }) => event === 'audit');
      expect(line).toBeDefined();
      return String(line?.caller);
    });
  };
  const ids: string[] = [];
  for (const subject of subjects) ids.push(await idOf(subject));
  expect(new Set(ids).size).toBe(subjects.length);
  expect(ids.slice(6)).toEqual(['jwt:bob', 'jwt:a~b']);
  const [first = ''] = ids;
  expect(first).toMatch(/^jwt:a{32}~[0-9a-f]{64}$/);
  expect(await idOf(first.slice('jwt:'.length))).not.toBe(first);
});

it('the settings go together', () => {
  expect(parseConfig({}).jwt).toBeNull();
  const url = 'https://login.example.com/keys';
  expect(parseConfig({ JWT_JWKS_URL: url, JWT_ISSUER: issuer, JWT_AUDIENCE: audience }).jwt).toMatchObject({ issuer });
  for (const wrong of [
    { JWT_JWKS_URL: url, JWT_ISSUER: issuer },
    { JWT_ISSUER: issuer, JWT_AUDIENCE: audience },
    { JWT_JWKS_URL: 'http://login.example.com/keys', JWT_ISSUER: issuer, JWT_AUDIENCE: audience },
  ]) {
    expect(() => parseConfig(wrong)).toThrow('go together');
  }
});
