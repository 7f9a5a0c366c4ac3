import { describe, expect, it } from 'vitest';
import { mebibyte } from '../../../registry/mebibytes.ts';
import { checkFound, checkSize, checkTarget, secretNames, tokenVariable } from '../../../scripts/deploy/checks.ts';
import type { Found } from '../../../scripts/deploy/look.ts';
import { target } from './sample-target.ts';

const plain = { allowOpen: false, url: undefined, unattended: false, given: new Map<string, string>() };
const nothing: Found = { buckets: new Set(), namespaces: new Map(), secrets: new Set() };

const stops = (changes: Parameters<typeof target>[0], circumstances = {}) =>
  checkTarget(target(changes), { ...plain, ...circumstances })
    .filter(({ level }) => level === 'stop')
    .map(({ text }) => text);

describe('a deployment is stopped', () => {
  it('where nothing speaks against it, by nothing', () => {
    expect(stops({})).toEqual([]);
  });

  it('where everybody may ask, unless that is meant', () => {
    const vars = { INFERENCE_ACCESS: 'open' };
    expect(stops({ vars })).toEqual([
      `[env.production] of wrangler.toml has INFERENCE_ACCESS = "open": set it to 'keyed', or deploy with --allow-open if everybody may ask`,
    ]);
    expect(stops({ vars, environment: '' })[0]).toContain('did you mean --env staging or --env production?');
    expect(stops({ vars }, { allowOpen: true })).toEqual([]);
  });

  it('where a secret is written in the file', () => {
    expect(stops({ vars: { ADMIN_TOKEN: 'x' } })[0]).toContain('ADMIN_TOKEN among its vars');
  });

  it('where a secret is short enough to be guessed', () => {
    expect(stops({}, { given: new Map([['ADMIN_TOKEN', 'short']]) })).toEqual([
      'ADMIN_TOKEN: expected at least 16 characters, got 5',
    ]);
  });

  it('where a binding is missing', () => {
    expect(stops({ buckets: [] })[0]).toContain("no r2_buckets binding 'MODELS'");
    expect(stops({ namespaces: [] })[0]).toContain("no kv_namespaces binding 'ROUTES'");
  });

  it('where the file of the second engine describes another Worker, or another bucket', () => {
    const described = { config: '/project/wrangler.litert.toml', worker: 'litert', bucket: 'models' };
    expect(stops({ litert: { bound: 'litert', described } })).toEqual([]);
    expect(stops({ litert: { bound: 'litert-2', described } })).toEqual([
      'wrangler.toml binds LITERT to the Worker litert-2, and wrangler.litert.toml describes litert',
    ]);
    expect(stops({ litert: { bound: 'litert', described: { ...described, bucket: 'others' } } })).toEqual([
      'wrangler.litert.toml reads models from others, and wrangler.toml keeps them in models',
    ]);
  });

  it('where nobody could ask the deployed Worker', () => {
    expect(stops({ workersDev: false })[0]).toContain('say with --url where it answers');
    expect(stops({ workersDev: false, domain: 'models.example.com' })).toEqual([]);
    expect(stops({ workersDev: false }, { url: 'https://models.example.com/' })).toEqual([]);
  });

  it('where a namespace is not of the account', () => {
    const namespaces = [{ binding: 'ROUTES', id: 'ab', title: 'routes' }];
    expect(checkFound(target({ namespaces }), nothing, plain, false)[0]?.text).toContain(
      "the KV namespace ab, which the account does not have; is it another account's?",
    );
  });

  it('where a new token would stand in a log', () => {
    const unattended = { ...plain, unattended: true };
    expect(checkFound(target(), nothing, unattended, false)[0]?.text).toContain('set POPSERVE_PRODUCTION_TOKEN');
    expect(checkFound(target(), nothing, unattended, true)).toEqual([]);
    expect(checkFound(target(), nothing, plain, false)).toEqual([]);
    const given = new Map([['ADMIN_TOKEN', 'x'.repeat(16)]]);
    expect(checkFound(target(), nothing, { ...unattended, given }, false)).toEqual([]);
  });

  it('where the secret of events is nowhere', () => {
    const vars = { WEBHOOK_URL: 'https://example.com' };
    expect(checkFound(target({ vars }), nothing, plain, false)[0]?.text).toContain(
      'the secret WEBHOOK_SECRET is not set',
    );
    expect(secretNames({ vars })).toEqual(['ADMIN_TOKEN', 'WEBHOOK_SECRET']);
  });

  it('where the upload is larger than the platform takes', () => {
    const mostBytes = 64 * mebibyte;
    expect(checkSize({ mostBytes, bytes: 65 * mebibyte })[0]).toMatchObject({ level: 'stop' });
    expect(checkSize({ mostBytes, bytes: 64 * mebibyte })).toEqual([]);
  });
});

describe('a deployment is told', () => {
  const notes = (changes: Parameters<typeof target>[0]) => checkTarget(target(changes), plain).map(({ text }) => text);

  it('that the paid plan is needed, and that a CPU limit lets a free account fail', () => {
    expect(notes({}).join()).toContain('needs the Workers Paid plan');
    expect(notes({}).join()).not.toContain('100328');
    expect(notes({ cpuMs: 30_000 }).join()).toContain('a Free account is refused (code 100328)');
  });

  it('that nothing limits its callers, and that nothing repairs its copies', () => {
    expect(notes({ rateLimits: [] }).join()).toContain('has no ratelimits');
    expect(notes({ crons: [] }).join()).toContain('has no cron trigger');
  });

  it('of a second engine that this command does not deploy', () => {
    const described = { config: '/project/wrangler.litert.toml', worker: 'litert', bucket: 'models' };
    expect(notes({ litert: { bound: 'litert', described: null } }).join()).toContain(
      'binds LITERT to the Worker litert, which no wrangler.litert.toml beside it describes',
    );
    expect(notes({ litert: { bound: null, described } }).join()).toContain(
      "has no services binding 'LITERT': the Worker of wrangler.litert.toml is not deployed",
    );
    expect(notes({ litert: { bound: 'litert', described } }).join()).not.toContain('litert');
  });

  it('of a variable that popserve does not know, as a misspelled setting is one', () => {
    expect(notes({ vars: { INFERENCE_ACCESS: 'keyed', INFERENCE_ACESS: 'open' } })).toContain(
      '[env.production] of wrangler.toml sets INFERENCE_ACESS, which popserve does not know and passes over; did you mean INFERENCE_ACCESS?',
    );
    expect(notes({}).join()).not.toContain('does not know');
  });
});

it('takes the token of an environment from a variable of its own', () => {
  expect(tokenVariable({ environment: 'production' })).toBe('POPSERVE_PRODUCTION_TOKEN');
  expect(tokenVariable({ environment: 'eu' })).toBe('POPSERVE_EU_TOKEN');
  expect(tokenVariable({ environment: '' })).toBe('POPSERVE_TOKEN');
});
