// Rights by claims, as a build service signs them: the rules themselves, and real tokens against the Worker.
import { createServer, type Server } from 'node:http';
import * as fc from 'fast-check';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../../worker/config.ts';
import { type ClaimRules, grantOf, readClaimRules } from '../../../worker/security/claim-rules.ts';
import { close, listen } from '../../harness/http-server.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

const github = 'https://token.actions.githubusercontent.com';

const rules: ClaimRules = [
  { claims: { repository: 'org/models', environment: 'production' }, scopes: ['release'], models: ['mine'] },
  { claims: { repository: 'org/models', ref: ['refs/heads/main', 'refs/heads/next'] }, scopes: ['infer'], models: '*' },
  { claims: { repository: 'org/models' }, scopes: ['read'], models: ['mine'] },
];

describe('a setting of rules', () => {
  const fault = (value: unknown, issuer = 'issuer') => {
    try {
      readClaimRules(typeof value === 'string' ? value : JSON.stringify(value), issuer);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
  const rule = { claims: { repository: 'a/b' }, scopes: ['release'], models: '*' };

  it('is none, or a list that is read as it is', () => {
    expect(readClaimRules('', 'issuer')).toBeNull();
    expect(readClaimRules(JSON.stringify(rules), github)).toEqual(rules);
  });

  it.each([
    ['text', '{', 'expected JSON, a list of rules'],
    ['no list', rule, 'JWT_CLAIM_RULES'],
    ['an empty list', [], 'JWT_CLAIM_RULES'],
    ['a rule with a member that nobody knows', [{ ...rule, branch: 'main' }], 'branch'],
    ['a rule without claims', [{ ...rule, claims: {} }], 'would match every token'],
    ['a claim that is no text', [{ ...rule, claims: { repository: 5 } }], 'repository'],
    ['a claim of no value', [{ ...rule, claims: { ref: [] } }], 'ref'],
    ['a scope that nobody knows', [{ ...rule, scopes: ['write'] }], 'scopes'],
    ['no scope', [{ ...rule, scopes: [] }], 'scopes'],
    ['no models', [{ claims: rule.claims, scopes: rule.scopes }], 'models'],
    ['admin for some models', [{ ...rule, scopes: ['admin'], models: ['mine'] }], 'admin is never for some models'],
  ])('is refused with %s', (_name, value, message) => {
    expect(fault(value)).toContain(message);
    expect(fault(value)).toContain('wrong settings: JWT_CLAIM_RULES: ');
  });

  it('says whose token it is where the issuer signs for everybody', () => {
    const anybody = [{ ...rule, claims: { environment: 'production' } }];
    expect(fault(anybody)).toBeNull();
    expect(fault(anybody, github)).toContain(`${github} signs for everybody; expected one of sub, repository`);
    expect(fault(anybody, 'https://gitlab.com')).toContain('project_path');
    expect(fault([{ ...rule, claims: { repository_owner_id: '1' } }], github)).toBeNull();
  });

  it('needs an issuer', () => {
    expect(() => parseConfig({ JWT_CLAIM_RULES: JSON.stringify([rule]) })).toThrow('JWT_CLAIM_RULES needs them');
  });
});

describe('the first rule that matches', () => {
  it('decides alone, so that no two rules add up', () => {
    const claims = { repository: 'org/models', environment: 'production', ref: 'refs/heads/main' };
    expect(grantOf(rules, claims)).toEqual({ scopes: new Set(['release']), models: new Set(['mine']) });
  });

  it('is none for a claim that is a list, is missing, or is inherited', () => {
    const nothing = { scopes: new Set(), models: new Set() };
    expect(grantOf(rules, { repository: ['org/models'] })).toEqual(nothing);
    expect(grantOf(rules, {})).toEqual(nothing);
    expect(grantOf(rules, Object.create({ repository: 'org/models' }))).toEqual(nothing);
    expect(grantOf(rules, { repository: 'org/models2' })).toEqual(nothing);
    expect(grantOf(rules, { repository: 'ORG/models' })).toEqual(nothing);
  });

  it('gives its own rights, whatever else the token says', () => {
    const word = fc.constantFrom('a', 'b', 'c');
    const ruleArbitrary = fc.record({
      claims: fc.dictionary(word, fc.oneof(word, fc.array(word, { minLength: 1, maxLength: 2 })), { minKeys: 1 }),
      scopes: fc.uniqueArray(fc.constantFrom('infer' as const, 'read' as const, 'release' as const), { minLength: 1 }),
      models: fc.oneof(fc.constant('*' as const), fc.array(word, { minLength: 1, maxLength: 2 })),
    });
    const claimsArbitrary = fc.dictionary(word, fc.oneof(word, fc.array(word), fc.integer()));
    fc.assert(
      fc.property(fc.array(ruleArbitrary, { minLength: 1, maxLength: 4 }), claimsArbitrary, (some, claims) => {
        const matching = some.filter(({ claims: wanted }) =>
          Object.keys(wanted).every((name) => [wanted[name]].flat().some((value) => value === claims[name])),
        );
        const [first] = matching;
        const grant = grantOf(some, claims);
        expect([...grant.scopes]).toEqual(first?.scopes ?? []);
        expect(grant.models).toEqual(first?.models === '*' ? null : new Set(first?.models ?? []));
      }),
    );
  });
});

describe('a workflow', () => {
  let provider: Server;
  let pop: TestPop;
  let sign: (claims: JWTPayload) => Promise<string>;

  beforeAll(async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256' }] };
    provider = createServer((_, response) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(jwks));
    });
    pop = await TestPop.start({
      INFERENCE_ACCESS: 'keyed',
      JWT_JWKS_URL: `${await listen(provider)}/keys`,
      JWT_ISSUER: github,
      JWT_AUDIENCE: 'popserve',
      JWT_CLAIM_RULES: JSON.stringify(rules),
    });
    await pop.release(adder('mine', '1', 1));
    await pop.release(adder('mine', '2', 1), false);
    await pop.release(adder('other', '1', 1));
    sign = (claims) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid: 'one', typ: 'JWT' })
        .setIssuer(github)
        .setAudience('popserve')
        .setSubject(`repo:${claims.repository}:environment:${claims.environment}`)
        .setExpirationTime('5m')
        .sign(privateKey);
  });

  afterAll(async () => {
    await pop?.stop();
    await close(provider);
  });

  const activate = async (claims: JWTPayload, model: string) => {
    const authorization = `Bearer ${await sign(claims)}`;
    const body = { action: 'activate', version: model === 'mine' ? '2' : '1', reason: 'from a workflow' };
    return (await pop.send('POST', `/registry/models/${model}/routes`, body, { authorization })).status;
  };
  const infer = async (claims: JWTPayload, model: string) => {
    const authorization = `Bearer ${await sign(claims)}`;
    const body = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [0, 0] }] };
    return (await pop.send('POST', `/v2/models/${model}/infer`, body, { authorization })).status;
  };

  it('of the environment releases the models of its rule, and no other', async () => {
    const claims = { repository: 'org/models', environment: 'production', ref: 'refs/heads/main' };
    expect(await activate(claims, 'mine')).toBe(201);
    expect(await activate(claims, 'other')).toBe(403);
    // The rule for the branch would allow it, and is not asked.
    expect(await infer(claims, 'mine')).toBe(403);
  });

  it('of a branch infers, and does not release', async () => {
    const claims = { repository: 'org/models', ref: 'refs/heads/next' };
    expect(await infer(claims, 'other')).toBe(200);
    expect(await activate(claims, 'mine')).toBe(403);
  });

  it('of another repository has no right, whatever scopes it writes into its token', async () => {
    const claims = { repository: 'evil/models', environment: 'production', scope: 'popserve:admin popserve:infer' };
    expect(await activate(claims, 'mine')).toBe(403);
    expect(await infer(claims, 'mine')).toBe(403);
  });
});
