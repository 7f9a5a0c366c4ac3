// Guard rails: a canary that passes a limit, by what all PoPs counted together, is ended once, with a route that says why.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Route } from '../../../registry/route.ts';
import { eventually } from '../../harness/eventually.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';
import { reportOf, sendReport } from './telemetry-object.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ TELEMETRY_FLUSH_SECONDS: '3600' });
});
afterAll(() => pop.stop());

/** Version 1 is stable; 2 is a canary whose error share is limited to 0.1, decided from 100 requests. */
async function rollOut(model: string): Promise<number> {
  await pop.release(adder(model, '1', 1));
  await pop.release(adder(model, '2', 2), false);
  const limits = { errorShare: 0.1, minRequests: 100 };
  return pop.route(model, { action: 'canary', version: '2', percent: 5, limits });
}

async function history(model: string): Promise<Route[]> {
  return (await pop.operate('GET', `/registry/models/${model}/routes`)).json<{ routes: Route[] }>().routes;
}

async function ended(model: string): Promise<Route> {
  return eventually(async () => {
    const [newest] = await history(model);
    if (newest?.audit.action !== 'abort') throw new Error('not ended yet');
    return newest;
  });
}

test('counts of many PoPs, each too small to decide from, end it exactly once although their reports race', async () => {
  const epoch = await rollOut('racing');
  const reports = Array.from({ length: 16 }, (_, index) =>
    reportOf({
      isolate: `i${index}`,
      sequence: 1,
      pop: `P${index % 8}`,
      version: '2',
      epoch,
      requests: 10,
      failures: 2,
    }),
  );
  await Promise.all(reports.map((report) => sendReport(pop, 'racing', report)));
  const route = await ended('racing');
  expect(route).toMatchObject({ epoch: epoch + 1, rollout: null, aliases: { stable: '1' }, audit: { actor: 'guard' } });
  const [, failures, requests] = /^(\d+) of (\d+) requests to 2 failed since epoch \d+ \(1: 0 of 0\), limit 0.1$/.exec(
    route.audit.reason ?? '',
  ) ?? ['', '0', '0'];
  expect(Number(requests), route.audit.reason).toBeGreaterThanOrEqual(100);
  expect(Number(failures)).toBe(Number(requests) / 5);
  // More of the same changes nothing: there is no rollout any more.
  await Promise.all(reports.map((report) => sendReport(pop, 'racing', { ...report, sequence: 2 })));
  await sendReport(pop, 'racing', reportOf({ isolate: 'late', sequence: 1, pop: 'P1', epoch: epoch + 1, requests: 1 }));
  // The guard has looked at all of that when it ends the next rollout, by nothing but what came since.
  const limits = { errorShare: 0.1, minRequests: 100 };
  const next = await pop.route('racing', { action: 'canary', version: '2', percent: 5, limits });
  const failing = { pop: 'P1', version: '2', epoch: next, requests: 100, failures: 50 };
  await sendReport(pop, 'racing', reportOf({ isolate: 'next', sequence: 1, ...failing }));
  expect((await ended('racing')).audit.reason).toMatch(/^50 of 100 requests to 2 failed/);
  const actors = (await history('racing')).map(({ audit }) => audit.actor);
  expect(actors).toEqual(['guard', 'operator', 'guard', 'operator', 'operator']);
  await eventually(() => expect(pop.logs.filter(({ event }) => event === 'guard-abort')).toHaveLength(2));
});

test('nothing is decided from too few requests, nor where stable fails as often', async () => {
  const epoch = await rollOut('patient');
  const report = (isolate: string, version: string, requests: number, failures: number) =>
    sendReport(pop, 'patient', reportOf({ isolate, sequence: 1, pop: 'FRA', version, epoch, requests, failures }));
  await report('few', '2', 99, 99);
  const status = await pop.operate('GET', '/registry/models/patient/status');
  expect(status.json()).toMatchObject({
    guard: [{ name: 'errorShare', limit: 0.1, samples: 99, value: 1, passed: false }],
  });
  await report('stable', '1', 1000, 1000);
  await report('enough', '2', 901, 901);
  await report('stable mends', '1', 1000, 0);
  await report('last', '2', 1, 1);
  // Had one of the others decided, its numbers would stand here.
  expect((await ended('patient')).audit.reason).toMatch(
    /^100[01] of 100[01] requests .* \(1: 1000 of 2000\), limit 0.1$/,
  );
});

test('an operator who was faster wins', async () => {
  const epoch = await rollOut('promoted');
  await sendReport(
    pop,
    'promoted',
    reportOf({ isolate: 'a', sequence: 1, pop: 'FRA', version: '2', epoch, requests: 99 }),
  );
  await pop.route('promoted', { action: 'promote' });
  await sendReport(
    pop,
    'promoted',
    reportOf({ isolate: 'b', sequence: 1, pop: 'FRA', version: '2', epoch, requests: 500, failures: 500 }),
  );
  await eventually(() => expect(pop.logs).toContainEqual(expect.objectContaining({ event: 'guard-overtaken' })));
  expect((await history('promoted')).map(({ audit }) => audit.action)).toEqual(['promote', 'canary', 'activate']);
});
