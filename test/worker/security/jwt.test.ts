// Tokens of an identity provider, through the built Worker; the provider is a server on this machine.
import { createServer, type Server } from 'node:http';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../../worker/config.ts';
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
