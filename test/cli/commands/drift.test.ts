import { afterEach, beforeEach, expect, it } from 'vitest';
import { runCommand } from '../captured-host.ts';
import { ScriptedPop } from '../scripted-pop.ts';

let pop: ScriptedPop;
beforeEach(async () => {
  pop = new ScriptedPop();
  await pop.start();
});
afterEach(() => pop.stop());

const atMs = Date.UTC(2026, 10, 24, 12);
const feature = (name: string, psi: number, changes: object = {}) => ({
  ...{ feature: name, kind: 'input', samples: 900, minimumSamples: 351, psi, psiNoise: 0.05 },
  ...{ jensenShannon: Math.sqrt(psi / 8), jensenShannonNoise: 0.1, missing: 0, missingReference: 0 },
  ...{ outside: 0, outsideReference: 0, past: psi > 0.1 ? ['psi'] : [], ...changes },
});
const window = (maxPsi: number) => ({ fromMs: atMs, toMs: atMs, rows: 900, judged: true, maxPsi, past: [] });
const answer = {
  model: 'm',
  settings: {
    windowSeconds: 300,
    windows: 2,
    thresholds: { psi: 0.1, jensenShannon: 0.15, missing: 0.05, outside: 0.02, falseAlarms: 0.005 },
  },
  versions: [
    {
      version: '1',
      episodes: [{ id: 'e', beganMs: atMs, endedMs: null, reason: null }],
      places: [
        {
          ...{ place: 'pop:HEL', drifting: true, changedMs: atMs, open: { sinceMs: atMs, rows: 12 } },
          window: {
            ...{ fromMs: atMs, toMs: atMs + 300_000, rows: 900 },
            features: [
              feature('speed', 0.02, { missing: 0.031 }),
              feature('torque', 0.2),
              feature('score', 0.5, { kind: 'output' }),
              feature('rare', 0, { samples: 3 }),
            ],
          },
          windows: [window(0), window(0.25), window(0.5)],
        },
        {
          place: 'pop:FRA',
          drifting: false,
          changedMs: 0,
          open: { sinceMs: atMs, rows: 7 },
          window: null,
          windows: [],
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
    'pop:HEL (drifting): 2026-11-24 12:00:00 to 2026-11-24 12:05:00, 900 rows; 12 rows in the next',
    'PSI of the last windows  ▁▅█',
    expect.stringMatching(/^ +PSI +JS +MISSING +PAST$/),
    expect.stringMatching(/^-> score +0\.500 +#{4}\|#{12} +0\.250 +psi$/),
    expect.stringMatching(/^torque +0\.200 +#{4}\|#{4} +0\.158 +psi$/),
    expect.stringMatching(/^speed +0\.020 +# +\| +0\.050 +3\.1 %$/),
    expect.stringMatching(/^rare +too few values: 3 of 351$/),
    '',
    'pop:FRA: not judged yet, 7 rows',
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

it('says why there is nothing to see', async () => {
  pop.intercept = () => ({ status: 200, body: { ...answer, versions: [], events: [] } });
  expect((await runCommand(['drift', 'm'], pop.url)).out).toContain('a version needs a baseline');
});
