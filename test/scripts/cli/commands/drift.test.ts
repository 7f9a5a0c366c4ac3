import { expect, it } from 'vitest';
import type {
  ClosedWindow,
  DriftWait,
  FeatureVerdict,
  ModelDrift,
  PlaceDrift,
} from '../../../../registry/api/drift.ts';
import { runCommand } from '../captured-host.ts';
import { ScriptedPop } from '../scripted-pop.ts';

const pop = ScriptedPop.perCase();
const atMs = Date.UTC(2026, 10, 24, 12);
const feature = (name: string, psi: number, changes: Partial<FeatureVerdict> = {}): FeatureVerdict => ({
  ...{ feature: name, kind: 'input', samples: 900, minimumSamples: 351, psi, psiNoise: 0.05 },
  ...{ jensenShannon: Math.sqrt(psi / 8), jensenShannonNoise: 0.1, missing: 0, missingReference: 0 },
  ...{ outside: 0, outsideReference: 0, past: psi > 0.1 ? ['psi'] : [], ...changes },
});
const window = (maxPsi: number): ClosedWindow => ({
  fromMs: atMs,
  toMs: atMs,
  rows: 900,
  judged: true,
  maxPsi,
  past: [],
});
/** Looked at nine seconds after the command's now. */
const openWindow = (rows: number, rowsOfOthers = 0): PlaceDrift['open'] => {
  const wait = { need: 350, lookMs: atMs + 9000, untilMs: atMs + 3_600_000, judgedThen: true };
  const waits: DriftWait =
    rows < 350
      ? { ...wait, for: 'rows', have: rows }
      : rowsOfOthers > 0
        ? { ...wait, for: 'callers', have: rowsOfOthers }
        : { ...wait, for: 'time', have: rows };
  return { sinceMs: atMs, rows, rowsOfOthers, waits };
};
const answer: ModelDrift = {
  model: 'm',
  settings: {
    windowSeconds: 300,
    windows: 2,
    thresholds: { psi: 0.1, jensenShannon: 0.15, missing: 0.05, outside: 0.02, falseAlarms: 0.005 },
  },
  versions: [
    {
      version: '1',
      minimumRows: 350,
      episodes: [{ id: 'e', version: '1', beganMs: atMs, endedMs: null, reason: null }],
      places: [
        {
          ...{ place: 'pop:HEL', drifting: true, changedMs: atMs, open: openWindow(12) },
          window: {
            ...{ fromMs: atMs, toMs: atMs + 300_000, requests: 30, rows: 900 },
            features: [
              feature('speed', 0.02, { missing: 0.031 }),
              feature('torque', 0.2),
              feature('score', 0.5, { kind: 'output' }),
              feature('rare', 0, { samples: 3 }),
            ],
          },
          windows: [window(0), window(0.25), window(0.5)],
          accepted: null,
        },
        {
          place: 'pop:FRA',
          drifting: false,
          changedMs: 0,
          open: openWindow(7),
          window: null,
          windows: [],
          accepted: null,
        },
      ],
    },
  ],
  events: [
    {
      ...{ id: 'e', type: 'retrain.requested', createdMs: atMs, attempts: 3, deliveredMs: null, nextMs: atMs },
      lastError: 'the receiver answered 503',
    },
  ],
};

it('shows each place as a table with bars, the largest first', async () => {
  pop.intercept = () => ({ status: 200, body: answer });
  const { out, status } = await runCommand(['drift', 'm'], pop.url);
  expect(status).toBe(0);
  expect(out.split('\n')).toEqual([
    'm 1: drifting since 2026-11-24 12:00:00 at pop:HEL',
    '',
    'pop:HEL: drifting',
    '2026-11-24 12:00:00 to 2026-11-24 12:05:00, 900 rows',
    'next: 12 of 350 rows, looked at in 9 s',
    'PSI of the last windows  ▁▅█',
    expect.stringMatching(/^ +PSI +JS +MISSING +PAST$/),
    expect.stringMatching(/^-> score +0\.500 +#{4}\|#{12} +0\.250 +psi$/),
    expect.stringMatching(/^torque +0\.200 +#{4}\|#{4} +0\.158 +psi$/),
    expect.stringMatching(/^speed +0\.020 +# +\| +0\.050 +3\.1 %$/),
    expect.stringMatching(/^rare +too few values: 3 of 351$/),
    '',
    'pop:FRA: not judged yet',
    '7 of 350 rows, looked at in 9 s',
    'retrain.requested waits for its receiver: 3 attempts, the receiver answered 503',
    '',
  ]);
});

it('asks for one version or PoP, and prints what came as JSON', async () => {
  pop.intercept = () => ({ status: 200, body: answer });
  const { out } = await runCommand(['drift', 'm', '--pop', 'HEL', '--version', '1', '--json'], pop.url);
  expect(pop.calls).toEqual(['GET /registry/models/m/drift?pop=HEL&version=1']);
  expect(JSON.parse(out)).toEqual(answer);
});

const quietPlace = (place: string, features: FeatureVerdict[], changes: Partial<PlaceDrift> = {}): PlaceDrift => ({
  ...{ place, drifting: false, changedMs: 0, open: null, accepted: null },
  ...{ window: { fromMs: atMs, toMs: atMs, requests: 30, rows: 900, features }, windows: [window(0.02)], ...changes },
});
const waitingPlace = (place: string, rows: number, rowsOfOthers = 0): PlaceDrift => ({
  ...{ place, drifting: false, changedMs: 0, open: openWindow(rows, rowsOfOthers), window: null, windows: [] },
  accepted: null,
});
const pastWindow = { ...window(2.28), past: ['type'] };

it.each([
  ['no drift', [quietPlace('global', [feature('type', 0.02)])]],
  ['not judged yet: 160 of 350 rows, looked at in 9 s', [waitingPlace('global', 160), waitingPlace('pop:HEL', 90)]],
  ['not judged yet: 400 of 350 rows, judged in 9 s', [waitingPlace('global', 400)]],
  [
    'not judged yet: 30 of 350 rows of callers but the largest, judged without more in 60 min',
    [waitingPlace('global', 900, 30)],
  ],
  ['not judged yet: 160 of 351 values', [quietPlace('global', [feature('type', 0, { samples: 160 })])]],
  [
    '1 of 2 windows past a threshold at global: type PSI 2.28, 1 more',
    [
      quietPlace(
        'global',
        [
          feature('torque', 0.01, { missing: 0.12, past: ['missing'] }),
          feature('type', 2.28, { past: ['psi', 'jensenShannon'] }),
        ],
        { windows: [pastWindow, window(0.02), pastWindow] },
      ),
    ],
  ],
  [
    'no drift at global; not judged yet: pop:HEL',
    [quietPlace('global', [feature('type', 0.02)]), waitingPlace('pop:HEL', 9)],
  ],
  [
    'no drift at global; not judged yet: pop:A, pop:B, 2 more',
    [
      quietPlace('global', [feature('type', 0.02)]),
      ...['A', 'B', 'C', 'D'].map((name) => waitingPlace(`pop:${name}`, 9)),
    ],
  ],
])('heads a version with no more than was judged: %s', async (headline, places) => {
  const versions = [{ version: '1', minimumRows: 350, episodes: [], places }];
  pop.intercept = () => ({ status: 200, body: { ...answer, versions, events: [] } });
  const { out } = await runCommand(['drift', 'm'], pop.url);
  expect(out.split('\n')[0]).toBe(`m 1: ${headline}`);
});

it('takes the name of a PoP, and says so to a URL', async () => {
  const { status, err } = await runCommand(['drift', 'm', '--pop', 'https://fra.example.com'], pop.url);
  expect(status).toBe(2);
  expect(err).toContain("expected the name of a PoP as 'npx popserve status' shows it, as in HEL");
});

it('shows the only PoP of a region and of the world once, with its state', async () => {
  const alone = ['global', 'pop:HEL', 'region:EU'].map((place) => quietPlace(place, [feature('type', 0.5)]));
  pop.intercept = () => ({
    status: 200,
    body: { ...answer, events: [], versions: [{ ...answer.versions[0], places: alone }] },
  });
  const { out } = await runCommand(['drift', 'm'], pop.url);
  expect(out.split('\n').filter((line) => /pop:|region:|global/.test(line))).toEqual([
    'm 1: 1 of 2 windows past a threshold at pop:HEL: type PSI 0.50',
    'pop:HEL, all of region:EU and global: 1 of 2 windows past a threshold',
  ]);
});

it('knows no PoP that has not reported', async () => {
  const versions = [{ version: '1', minimumRows: 350, episodes: [], places: [] }];
  pop.intercept = () => ({ status: 200, body: { ...answer, versions, events: [] } });
  const ran = await runCommand(['drift', 'm', '--pop', 'XXX'], pop.url);
  expect(ran).toMatchObject({ status: 1, out: 'm: no such PoP has reported: XXX; none has\n' });
});

it('knows no version that the registry does not know', async () => {
  pop.intercept = ({ call }) =>
    call.includes('/drift')
      ? { status: 200, body: { ...answer, versions: [], events: [] } }
      : { status: 404, body: { error: "model 'm' has no version '9'", code: 'NOT_FOUND' } };
  const ran = await runCommand(['drift', 'm', '--version', '9'], pop.url);
  expect(ran).toMatchObject({ status: 1, out: '', err: expect.stringContaining("no version '9'") });
});

it('says why there is nothing to see', async () => {
  pop.intercept = () => ({ status: 200, body: { ...answer, versions: [], events: [] } });
  const { out } = await runCommand(['drift', 'm'], pop.url);
  expect(out).toContain('a version needs a baseline');
  // Who has published one and has asked by the command would look for the fault there.
  expect(out).toContain("those with the operator's token (of 'npx popserve infer') never");
});

it('accepts what a place sends as its usual, and says what from', async () => {
  const calls: unknown[] = [];
  const accepted = { fromMs: atMs, toMs: atMs + 600_000, windows: 2, rows: 1800, atMs, actor: 'ann', reason: 'summer' };
  pop.intercept = ({ call, body }) => {
    if (call !== 'POST /registry/models/m/drift') return undefined;
    calls.push(JSON.parse(String(body)));
    return { status: 200, body: { model: 'm', version: '3', place: 'region:EU', accepted } };
  };
  const { out, status } = await runCommand(
    ['drift', 'm', '--accept', 'region:EU', '--version', '3', '--reason', 'summer'],
    pop.url,
  );
  expect([status, calls]).toEqual([0, [{ action: 'accept', version: '3', place: 'region:EU', reason: 'summer' }]]);
  expect(out).toContain(
    'm 3: region:EU is judged against its own 1800 rows from 2026-11-24 12:00:00 to 2026-11-24 12:10:00',
  );
});

it('refuses an acceptance without a reason, of two kinds at once, and of no place', async () => {
  for (const options of [
    ['--accept', 'global'],
    ['--accept', 'global', '--withdraw', 'global', '--reason', 'x'],
    ['--accept', 'FRA', '--reason', 'x'],
    ['--reason', 'x'],
  ]) {
    expect([options, (await runCommand(['drift', 'm', ...options], pop.url)).status]).toEqual([options, 2]);
  }
});
