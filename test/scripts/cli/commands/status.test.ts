import { beforeEach, describe, expect, it } from 'vitest';
import type { ShadowReport } from '../../../../registry/api/shadow.ts';
import type { ModelStatus } from '../../../../registry/api/status.ts';
import { nextRoute } from '../../../../registry/transition.ts';
import { type Ran, runCommand } from '../captured-host.ts';
import { ScriptedPop } from '../scripted-pop.ts';

const pop = ScriptedPop.perCase();

const context = { model: 'm', actor: 'ann', at: new Date('2026-11-24T10:00:00Z') };
const stable = nextRoute(null, { action: 'activate', version: 'v1' }, context);
const limits = { errorShare: 0.01, minRequests: 100 };
const route = nextRoute(stable, { action: 'canary', version: 'v2', percent: 5, limits }, context);
const seenAtMs = Date.parse('2026-11-24T11:59:58Z');

const answer: ModelStatus = {
  model: 'm',
  route,
  release: {
    ...{ epoch: 2, releasedAtMs: seenAtMs - 9000, pops: 4, reachedPops: 3 },
    ...{ reach50Ms: 1500, reach90Ms: null, reach100Ms: null },
  },
  pops: [
    {
      ...{ pop: 'FRA', epoch: 2, highestEpoch: 2, isolates: 2, stable: 'v1', canary: { version: 'v2', percent: 5 } },
      ...{ held: null, ahead: null, seenAtMs },
    },
    {
      ...{ pop: 'SIN', epoch: 1, highestEpoch: 2, isolates: 3, stable: 'v1', canary: null },
      ...{ held: { epoch: 2, reason: 'blob is corrupt' }, ahead: null, seenAtMs },
    },
  ],
  versions: [
    {
      ...{ version: 'v1', requests: 1000, inferences: 4000, failures: 3, loadFailures: 0, lastInferenceMs: seenAtMs },
      failuresByCode: { INVALID_ARGUMENT: 2, UNAVAILABLE: 1 },
    },
  ],
  guard: [
    {
      ...{ name: 'errorShare', limit: 0.01, value: 0, baseline: 0, samples: 50, passed: false },
      text: '0 of 50 requests to v2 failed',
    },
  ],
};

function popserve(args: string[], screenColumns: number | null = null): Promise<Ran> {
  return runCommand(args, pop.url, { screenColumns });
}

describe('popserve status', () => {
  beforeEach(() => {
    pop.intercept = ({ call }) =>
      call.endsWith('/drift') ? { status: 503, body: { error: 'away' } } : { status: 200, body: answer };
  });

  it('tells which PoP serves what, how far the last release has come, and what was served', async () => {
    const { status, out } = await popserve(['status', 'm']);
    expect(status).toBe(0);
    expect(pop.calls).toContain('GET /registry/models/m/status');
    expect(out.split('\n')).toEqual([
      'm: serving v1, 5 % of its traffic go to v2 (epoch 2)',
      'limits of the canary: error share 0.01, from 100 requests',
      'guard: 0 of 50 requests to v2 failed, limit 0.01',
      'epoch 2 has reached 3 of 4 PoPs, 75 %',
      'of the PoPs: 50 % after 1.5 s, 90 % not yet, 100 % not yet',
      '',
      'POP  EPOCH  SERVING  CANARY  ISOLATES  SEEN (UTC)           HELD BACK',
      'FRA  2      v1       v2 5 %  2         2026-11-24 11:59:58',
      'SIN  1-2    v1               3         2026-11-24 11:59:58  epoch 2: blob is corrupt',
      '',
      'VERSION  REQUESTS  INFERENCES  FAILED                                 LAST (UTC)',
      'v1       1000      4000        3 (2 INVALID_ARGUMENT, 1 UNAVAILABLE)  2026-11-24 11:59:58'.replace(
        '  2026',
        '  2026',
      ),
      '',
    ]);
  });

  it('tells the drift of each version in a line, with what it waits for', async () => {
    const settings = {
      ...{ windowSeconds: 300, windows: 2 },
      thresholds: { psi: 0.1, jensenShannon: 0.15, missing: 0.05, outside: 0.02, falseAlarms: 0.005 },
    };
    const waits = { for: 'rows', have: 160, need: 350, lookMs: seenAtMs + 11_000, untilMs: null, judgedThen: false };
    const open = { sinceMs: seenAtMs, rows: 160, rowsOfOthers: 0, waits };
    const place = { place: 'global', drifting: false, changedMs: 0, open, window: null, windows: [], accepted: null };
    const versions = [{ version: 'v1', minimumRows: 350, episodes: [], places: [place] }];
    pop.intercept = ({ call }) => ({
      status: 200,
      body: call.endsWith('/drift') ? { model: 'm', settings, versions, events: [] } : answer,
    });
    const line = 'not judged yet: 160 of 350 rows, looked at in 9 s';
    expect((await popserve(['status', 'm'])).out).toContain(`\ndrift of v1: ${line}\n`);
    const { drift } = JSON.parse((await popserve(['status', 'm', '--json'])).out);
    expect(drift).toEqual([{ version: 'v1', state: line }]);
  });

  it('tells what callers measured, per side and place', async () => {
    const recent = { version: 'v1', side: 'stable' as const, bytesP50: 100 };
    const outcomes = { ok: 90, refused: 5, failed: 3, timeout: 2 };
    const latency = {
      ...{ source: 'callers' as const, recentFromMs: seenAtMs, totals: [] },
      recent: [
        { ...recent, place: 'global', calls: 100, outcomes, p50Ms: 41.23, p95Ms: 120, p99Ms: 3000 },
        { ...recent, place: 'pop:FRA', calls: 1, outcomes, p50Ms: null, p95Ms: null, p99Ms: null },
      ],
    };
    pop.intercept = () => ({ status: 200, body: { ...answer, latency } });
    const { out } = await popserve(['status', 'm']);
    expect(out.split('\n').slice(-5)).toEqual([
      'measured by callers since 2026-11-24 11:59:58:',
      'VERSION  SIDE    PLACE    CALLS  P50 MS  P95 MS  P99 MS  REFUSED  FAILED  TIMEOUT',
      'v1       stable  global   100    41.2    120     3000    5        3       2',
      'v1       stable  pop:FRA  1                              5        3       2',
      '',
    ]);
  });

  it('tells how right the answers were', async () => {
    const recent = { version: 'v1', side: 'stable' as const, place: 'global' };
    const feedback = {
      ...{ source: 'callers' as const, recentFromMs: seenAtMs, totals: [] },
      recent: [
        { ...recent, records: 400, accuracy: 0.9812, errorP50: null, errorP90: null },
        { ...recent, version: 'v2', records: 40, accuracy: null, errorP50: 0.5, errorP90: 2.25 },
      ],
    };
    pop.intercept = () => ({ status: 200, body: { ...answer, feedback } });
    const { out } = await popserve(['status', 'm']);
    expect(out.split('\n').slice(-5)).toEqual([
      'compared with the truth since 2026-11-24 11:59:58:',
      'VERSION  SIDE    PLACE   RECORDS  RIGHT   ERROR P50  ERROR P90',
      'v1       stable  global  400      98.1 %',
      'v2       stable  global  40               0.5        2.25',
      '',
    ]);
  });

  it('says of a limit that nothing was measured against it yet', async () => {
    const limits = { errorShare: 0.01, drift: 0.2, minRequests: 100 };
    const twice = nextRoute(stable, { action: 'canary', version: 'v2', percent: 5, limits }, context);
    pop.intercept = () => ({ status: 200, body: { ...answer, route: twice } });
    const { out } = await popserve(['status', 'm']);
    expect(out).toContain(
      'guard: 0 of 50 requests to v2 failed, limit 0.01\nguard: drift not measured yet, limit 0.2\n',
    );
    expect(out.match(/not measured/g)).toHaveLength(1);
  });

  it('draws a bar on a terminal', async () => {
    expect((await popserve(['status', 'm'], 80)).out).toContain(`75 %  [${'█'.repeat(18)}${'░'.repeat(6)}]\n`);
  });

  it('prints all of it as JSON', async () => {
    expect(JSON.parse((await popserve(['status', 'm', '--json'])).out)).toMatchObject(answer);
  });

  it.each([
    ['no release is known', null],
    ['nobody has asked since the release', { ...answer.release, pops: 0, reachedPops: 0 }],
  ])('says what it means that no PoP has reported: %s', async (_, release) => {
    pop.intercept = () => ({ status: 200, body: { ...answer, release, pops: [], versions: [], guard: [] } });
    const { out } = await popserve(['status', 'm']);
    expect(out).toContain(
      '\nno PoP has reported epoch 2 yet: a PoP takes it up with its next request for m, and reports\n',
    );
    expect(out).not.toContain('0 of 0');
  });

  it('tells of a canary that its guard has ended, with the reason, until the next release', async () => {
    const guard = { ...context, actor: 'guard', at: new Date('2026-11-24T11:00:00Z') };
    const reason = '9 of 120 requests to v2 failed, limit 0.01';
    const ended = nextRoute(route, { action: 'abort', reason }, guard);
    const named = nextRoute(ended, { action: 'alias', name: 'night', version: 'v1' }, context);
    const tells = async (...routes: (typeof route)[]) => {
      pop.intercept = ({ call }) =>
        call.includes('/routes')
          ? { status: 200, body: { routes, next: null } }
          : { status: 200, body: { ...answer, route: routes[0], guard: [] } };
      const [text, json] = [await popserve(['status', 'm']), await popserve(['status', 'm', '--json'])];
      return [text.out, JSON.parse(json.out).endedCanary];
    };
    const told = `the canary of v2 was ended by its guard at 2026-11-24 11:00:00 UTC (epoch 3): ${reason}\n`;
    const value = { version: 'v2', at: '2026-11-24T11:00:00.000Z', epoch: 3, reason };
    expect(await tells(ended, route, stable)).toEqual([expect.stringContaining(told), value]);
    expect(await tells(named, ended, route, stable)).toEqual([expect.stringContaining(told), value]);
    const next = nextRoute(named, { action: 'activate', version: 'v3' }, context);
    expect(await tells(next, named, ended, route, stable)).toEqual([expect.not.stringContaining('ended'), undefined]);
  });
});

describe('popserve shadow --report', () => {
  const pair: ShadowReport = {
    ...{ stable: 'v1', candidate: 'v2', requests: 400, compared: 380, disagreements: 19, disagreementShare: 0.05 },
    ...{
      errors: 15,
      skipped: 5,
      meanDifference: 0.012_345,
      maxDifference: 1.5,
      firstAtMs: seenAtMs,
      lastAtMs: seenAtMs,
    },
  };

  it('shows the numbers of each pair of versions', async () => {
    pop.intercept = () => ({ status: 200, body: { model: 'm', shadow: null, pairs: [pair] } });
    const { out } = await popserve(['shadow', 'm', '--report']);
    expect(pop.calls).toEqual(['GET /registry/models/m/shadow']);
    expect(out).toMatch(/^STABLE +SHADOW +REQUESTS +MEAN DIFF +MAX DIFF +DISAGREE +ERRORS +SKIPPED +LAST \(UTC\)$/m);
    expect(out).toMatch(/^v1 +v2 +400 +0\.0123 +1\.5 +19 \(5\.00 %\) +15 +5 +2026-11-24 11:59:58$/m);
    expect(JSON.parse((await popserve(['shadow', 'm', '--report', '--json'])).out).pairs).toEqual([pair]);
  });

  it('says so when none has run, and what is missing otherwise', async () => {
    pop.intercept = () => ({ status: 200, body: { model: 'm', shadow: null, pairs: [] } });
    expect((await popserve(['shadow', 'm', '--report'])).out).toBe('m: no shadow has run yet\n');
    for (const args of [
      ['shadow', 'm'],
      ['shadow', 'm', 'v2'],
      ['shadow', 'm', '--percent', '5'],
    ]) {
      expect((await popserve(args)).status).toBe(2);
    }
  });
});
