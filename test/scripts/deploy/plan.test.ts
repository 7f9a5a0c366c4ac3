import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Found } from '../../../scripts/deploy/look.ts';
import { describeStep, plan, type Step } from '../../../scripts/deploy/plan.ts';
import { target } from './sample-target.ts';

const nothing: Found = { buckets: new Set(), namespaces: new Map(), secrets: new Set() };
const none = { given: new Set<string>(), pending: false };

const kinds = (steps: readonly Step[]) => steps.map(({ kind }) => kind);

describe('a plan', () => {
  it('makes everything in an account that has nothing', () => {
    expect(plan(target(), nothing, none)).toEqual([
      { kind: 'create-bucket', bucket: { binding: 'MODELS', name: 'models', jurisdiction: undefined } },
      { kind: 'create-namespace', binding: 'ROUTES', title: 'pop-production-routes' },
      { kind: 'write-id', binding: 'ROUTES', title: 'pop-production-routes', id: null },
      { kind: 'make-token' },
      { kind: 'upload', secrets: ['ADMIN_TOKEN'] },
      { kind: 'verify' },
    ]);
  });

  it('writes the id of a namespace that an earlier run has made', () => {
    const found = { ...nothing, namespaces: new Map([['1f', 'pop-production-routes']]) };
    expect(plan(target(), found, none)).toContainEqual({
      kind: 'write-id',
      binding: 'ROUTES',
      title: 'pop-production-routes',
      id: '1f',
    });
    expect(kinds(plan(target(), found, none))).not.toContain('create-namespace');
  });

  it('makes no token where one is given, waiting or set', () => {
    for (const [found, atHand] of [
      [nothing, { given: new Set(['ADMIN_TOKEN']), pending: false }],
      [nothing, { given: new Set<string>(), pending: true }],
      [{ ...nothing, secrets: new Set(['ADMIN_TOKEN']) }, none],
    ] as const)
      expect(kinds(plan(target(), found, atHand))).not.toContain('make-token');
  });

  it('uploads the secret of events where they are signed', () => {
    const steps = plan(target({ vars: { WEBHOOK_URL: 'https://example.com' } }), nothing, none);
    expect(steps).toContainEqual({ kind: 'upload', secrets: ['ADMIN_TOKEN', 'WEBHOOK_SECRET'] });
  });

  it('is left with the deployment once its steps were done, wherever the run before it ended', () => {
    const planned = plan(target(), nothing, none);
    fc.assert(
      fc.property(fc.nat({ max: planned.length }), (done) => {
        let [now, account, pending] = [target(), nothing, false];
        for (const step of planned.slice(0, done)) ({ now, account, pending } = after(step, { now, account, pending }));
        const rest = plan(now, account, { given: new Set(), pending });
        // Nothing that was made is made again, and what remains is what the first run still had to do.
        const repeatable = new Set(['upload', 'verify']);
        expect(kinds(rest).filter((kind) => !repeatable.has(kind))).toEqual(
          kinds(planned.slice(done)).filter((kind) => !repeatable.has(kind)),
        );
        expect(kinds(rest).slice(-2)).toEqual(['upload', 'verify']);
      }),
    );
  });

  it('deploys the second engine that is bound before the Worker that binds it', () => {
    const config = '/project/wrangler.litert.toml';
    const litert = {
      bound: 'litert-production',
      described: { config, worker: 'litert-production', bucket: 'models' },
    };
    const planned = plan(target({ litert }), nothing, none);
    expect(kinds(planned).slice(-3)).toEqual(['upload-engine', 'upload', 'verify']);
    expect(describeStep({ kind: 'upload-engine', config, worker: 'litert-production' }, target())).toBe(
      'deploy the Worker litert-production of wrangler.litert.toml, the second engine',
    );
    expect(kinds(plan(target({ litert: { ...litert, bound: null } }), nothing, none))).not.toContain('upload-engine');
    expect(kinds(plan(target({ litert: { ...litert, described: null } }), nothing, none))).not.toContain(
      'upload-engine',
    );
  });

  it('tells each step in words', () => {
    expect(plan(target(), nothing, none).map((step) => describeStep(step, target()))).toEqual([
      'create the R2 bucket models for MODELS',
      'create the KV namespace pop-production-routes for ROUTES',
      'write the id of pop-production-routes into wrangler.toml',
      "make an operator's token and keep it until it has been shown",
      'deploy the Worker pop-production with the secrets ADMIN_TOKEN',
      'verify the deployed Worker through its URL',
    ]);
  });
});

interface World {
  readonly now: ReturnType<typeof target>;
  readonly account: Found;
  readonly pending: boolean;
}

/** What a step leaves behind, if the process ends right after it. */
function after(step: Step, { now, account, pending }: World): World {
  switch (step.kind) {
    case 'create-bucket':
      return { now, pending, account: { ...account, buckets: new Set([step.bucket.name]) } };
    case 'create-namespace':
      return { now, pending, account: { ...account, namespaces: new Map([['1f', step.title]]) } };
    case 'write-id':
      return { account, pending, now: target({ namespaces: [{ binding: 'ROUTES', id: '1f', title: step.title }] }) };
    case 'make-token':
      return { now, account, pending: true };
    case 'upload-engine':
      return { now, account, pending };
    case 'upload':
      return { now, pending, account: { ...account, secrets: new Set(step.secrets) } };
    case 'verify':
      return { now, account, pending: false };
  }
}
