// Every scope, with every binding to models, on every mounted route. Tokens can say what no API key may: admin for some models.
import { createServer, type Server } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Scope } from '../../../registry/api-key.ts';
import { close, listen } from '../../harness/http-server.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';
import { holders, rights, withoutModel } from '../middleware/route-rights.ts';

const { publicKey, privateKey } = await generateKeyPair('ES256');

let provider: Server;
let pop: TestPop;
beforeAll(async () => {
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] };
  provider = createServer((_, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(jwks));
  });
  pop = await TestPop.start({
    INFERENCE_ACCESS: 'keyed',
    JWT_JWKS_URL: `${await listen(provider)}/keys`,
    JWT_ISSUER: 'issuer',
    JWT_AUDIENCE: 'popserve',
    INPUT_SAMPLE: 'mine=10,other=10',
  });
  await pop.release(adder('mine', '1', 1));
  await pop.release(adder('other', '1', 1));
});
afterAll(async () => {
  await pop.stop();
  await close(provider);
});

function tokenOf(scopes: readonly Scope[], models: readonly string[] | null): Promise<string> {
  const scope = scopes.map((name) => `popserve:${name}`).join(' ');
  return new SignJWT({ scope, ...(models === null ? {} : { popserve_models: [...models] }) })
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setIssuer('issuer')
    .setAudience('popserve')
    .setSubject('alice')
    .setExpirationTime('10m')
    .sign(privateKey);
}

/** Whether a call about a model is refused for want of a right. Calls that would change something have no body, and fail later. */
async function isRefused(call: string, token: string, model: string): Promise<boolean> {
  const [verb = '', path = ''] = call.split(' ');
  const named = path.replace('{model}', model).replaceAll(/\{[a-z]+\}/g, 'nobody');
  const { status } = await pop.send(verb, named, undefined, { authorization: `Bearer ${token}` });
  expect([401, 429, 500], call).not.toContain(status);
  return status === 403;
}

const scopeSets: readonly (readonly Scope[])[] = [
  ['infer'],
  ['read'],
  ['release'],
  ['admin'],
  ['infer', 'admin'],
  ['release', 'admin'],
];
const bindings: readonly (readonly string[] | null)[] = [null, ['mine'], ['mine', 'more'], []];

it.each(scopeSets.flatMap((scopes) => bindings.map((models) => ({ scopes, models }))))(
  'a token of $scopes for the models $models may call what both allow, and nothing else',
  async ({ scopes, models }) => {
    const token = await tokenOf(scopes, models);
    // `admin` is a right over all models or none.
    const held = models === null ? scopes : scopes.filter((scope) => scope !== 'admin');
    for (const [call, right] of Object.entries(rights)) {
      const byScope = right === 'open' || held.some((scope) => holders[right].includes(scope));
      for (const model of ['mine', 'other']) {
        // Downloads are off by the setting where a right would allow them.
        if (call.includes('/artifact') && byScope) continue;
        const isOpen = right === 'open' || withoutModel.has(call);
        const byModel = models === null || isOpen || (call.includes('{model}') && models.includes(model));
        expect([call, model, await isRefused(call, token, model)]).toEqual([call, model, !(byScope && byModel)]);
      }
    }
  },
  60_000,
);

it('an admin token for a model does not read the sample of it or of another, and is told why', async () => {
  const token = await tokenOf(['admin'], ['mine']);
  for (const model of ['mine', 'other']) {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await pop.send('GET', `/registry/models/${model}/sample`, undefined, headers);
    const error =
      'this call needs scope admin, the key has admin, and admin does not count for a key that is for some models only';
    expect([answer.status, answer.json()]).toEqual([403, { error }]);
  }
});
