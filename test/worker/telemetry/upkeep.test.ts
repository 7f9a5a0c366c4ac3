// The object of a model stays small whatever comes and goes, and the numbers that it shows and decides by stay right.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SqlStorage } from '@cloudflare/workers-types';
import { expect, test } from 'vitest';
import type { Route } from '../../../registry/route.ts';
import { startPop } from '../../../scripts/local-pop/pop.ts';
import { Random } from '../../../scripts/random.ts';
import type { CountsDelta } from '../../../worker/telemetry/counters.ts';
import { countsPart, readTotals } from '../../../worker/telemetry/counts-part.ts';
import { sinceEpochOf } from '../../../worker/telemetry/kept-epochs.ts';
import { keptParts } from '../../../worker/telemetry/parts.ts';
import { readShadows, shadowPart } from '../../../worker/telemetry/shadow-part.ts';
import type { ShadowDelta } from '../../../worker/telemetry/shadow-tally.ts';
import { Upkeep } from '../../../worker/telemetry/upkeep.ts';
import { eventually } from '../../harness/eventually.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';
import { openObjectFile } from './kept-object.ts';
import { countRows, openObject } from './sqlite.ts';
import { reportOf, sendReport, statusOf } from './telemetry-object.ts';

const dayMs = 86_400_000;
const versions = ['1', '2', '3', '4', '5'];

function countsOf(version: string, epoch: number, requests: number, failures: number): CountsDelta {
  return {
    ...{ version, epoch, requests, inferences: requests - failures, failures: { INTERNAL: failures } },
    ...{
      routedRequests: requests,
      routedFailures: failures,
      loadFailures: 1,
      litertRuns: 2,
      litertFailures: 1,
      lastInferenceMs: epoch,
    },
  };
}

function shadowOf(candidate: string, epoch: number, compared: number, disagreements: number): ShadowDelta {
  return {
    ...{ stable: '1', candidate, epoch, requests: compared, compared, disagreements, errors: 0, skipped: 0 },
    ...{ elements: compared, sumDifference: compared, maxDifference: epoch },
  };
}

function routeOf(epoch: number, rollout: Route['rollout'] = null, stable = '1'): Route {
  const audit = { actor: 'ann', at: '2026-11-23T10:00:00.000Z', action: 'alias' };
  return { schema: 1, model: 'm', epoch, aliases: { stable }, previous: [], rollout, shadow: null, audit } as Route;
}

function open(sql: SqlStorage, retentionMs = 7 * dayMs) {
  const upkeep = new Upkeep({ sql, parts: keptParts, retentionMs });
  const { keptAs, hear } = upkeep;
  const context = (atMs: number) => ({ pop: 'FRA', atMs, keptAs, hear });
  return { upkeep, context };
}

test('thousands of epochs leave two rows of a version and of a pair; totals and what a guard sees are as if all were kept', () => {
  using sql = openObject();
  const random = new Random(5);
  let { upkeep, context } = open(sql);
  const counts: CountsDelta[] = [];
  const shadows: ShadowDelta[] = [];
  let rollout: Route['rollout'] = null;
  for (let epoch = 1; epoch <= 3000; epoch++) {
    const drawn = random.uniform();
    if (drawn < 0.05) rollout = null;
    else if (drawn < 0.1) rollout = { version: '2', percent: 5, salt: 's', sinceEpoch: epoch };
    // PoPs that lag, and one that is ahead of the route that the object has read.
    const told = [epoch, epoch, epoch + 1, Math.max(0, epoch - Math.floor(random.uniform() * 40))];
    for (const at of told) {
      const version = versions[Math.floor(random.uniform() * versions.length)] ?? '1';
      const requests = Math.floor(random.uniform() * 10) + 1;
      const delta = countsOf(version, at, requests, Math.floor(random.uniform() * requests));
      const shadow = shadowOf('2', at, requests, delta.routedFailures);
      counts.push(delta);
      shadows.push(shadow);
      countsPart.apply(sql, [delta], context(epoch));
      shadowPart.apply(sql, [shadow], context(epoch));
    }
    // The object is away for a while, or starts anew and does not know the route until it has looked.
    if (random.chance(0.1)) ({ upkeep, context } = open(sql));
    if (random.chance(0.8)) upkeep.run(routeOf(epoch, rollout), epoch);
    if (epoch % 50 !== 0) continue;
    upkeep.run(routeOf(epoch, rollout), epoch);
    // And one row each of the epoch ahead.
    expect(countRows(sql)).toMatchObject({ failures: versions.length, heard: versions.length });
    expect(countRows(sql).counts).toBeLessThanOrEqual(3 * versions.length);
    expect(countRows(sql).shadow).toBeLessThanOrEqual(3);
    const since = rollout === null ? epoch : sinceEpochOf(routeOf(epoch, rollout));
    const guarded = { stable: '1', version: '2', sinceEpoch: since, sinceMs: 0 };
    const own = counts.filter((delta) => delta.version === '2' && delta.epoch >= since);
    const measured = countsPart.measures?.errorShare?.(sql, guarded) ?? null;
    expect(measured?.samples ?? 0).toBe(sum(own.map(({ routedRequests }) => routedRequests)));
    expect(measured?.value ?? 0).toBe(sum(own.map(({ routedFailures }) => routedFailures)) / (measured?.samples ?? 1));
    const differing = shadows.filter((delta) => delta.epoch >= since);
    expect(shadowPart.measures?.disagreementShare?.(sql, guarded)).toMatchObject({
      samples: sum(differing.map(({ compared }) => compared)),
      value: sum(differing.map(({ disagreements }) => disagreements)) / sum(differing.map(({ compared }) => compared)),
    });
  }
  expect(readTotals(sql)).toEqual(
    versions.map((version) => {
      const own = counts.filter((delta) => delta.version === version);
      const failures = sum(own.map(({ routedFailures }) => routedFailures));
      return {
        ...{ version, failures, failuresByCode: { INTERNAL: failures }, loadFailures: own.length },
        ...{ litertRuns: own.length * 2, litertFailures: own.length },
        requests: sum(own.map(({ requests }) => requests)),
        inferences: sum(own.map(({ inferences }) => inferences)),
        lastInferenceMs: Math.max(...own.map(({ lastInferenceMs }) => lastInferenceMs)),
      };
    }),
  );
  const requests = sum(shadows.map(({ compared }) => compared));
  expect(readShadows(sql)).toMatchObject([
    { requests, compared: requests, meanDifference: 1, maxDifference: 3001, firstAtMs: 1, lastAtMs: 3000 },
  ]);
});

test('a version that no route names and no PoP told of for the retention is forgotten, and nothing else', () => {
  using sql = openObject();
  const { upkeep, context } = open(sql);
  countsPart.apply(sql, [countsOf('1', 1, 5, 1), countsOf('2', 1, 5, 1), countsOf('3', 1, 5, 1)], context(0));
  shadowPart.apply(sql, [shadowOf('2', 1, 5, 1)], context(0));
  shadowPart.apply(sql, [shadowOf('3', 1, 5, 1)], context(0));
  for (let day = 0; day <= 8; day++) {
    countsPart.apply(sql, [countsOf('3', 1, 1, 0)], context(day * dayMs));
    if (day === 6) shadowPart.apply(sql, [shadowOf('3', 2, 5, 1)], context(day * dayMs));
    upkeep.run(routeOf(1), day * dayMs);
    expect(readTotals(sql).map(({ version }) => version)).toEqual(day <= 7 ? ['1', '2', '3'] : ['1', '3']);
  }
  expect(readTotals(sql)[1]).toMatchObject({ version: '3', requests: 5 + 9 });
  expect(readShadows(sql)).toMatchObject([{ candidate: '3', requests: 10 }]);
  expect(countRows(sql)).toMatchObject({ failures: 2, heard: 2 });
});

test('drift of PoPs from which nothing is heard is forgotten after the retention', () => {
  using sql = openObject();
  const { upkeep, context } = open(sql);
  countsPart.apply(sql, [countsOf('1', 1, 5, 1)], context(0));
  const window = '{}';
  for (const [place, toDay, drifting] of [
    ...[['pop:OLD', 0, 0] as const, ['pop:NEW', 7, 0] as const, ['pop:DRIFTS', 0, 1] as const],
  ]) {
    sql.exec(
      'INSERT INTO drift_windows (version, place, from_ms, to_ms, rows, judged, max_psi, past) VALUES (?, ?, 0, ?, 1, 1, 0, ?)',
      '1',
      place,
      toDay * dayMs,
      '[]',
    );
    sql.exec(
      'INSERT INTO drift_places (version, place, drifting, streak, changed_ms, window) VALUES (?, ?, ?, 0, 0, ?)',
      '1',
      place,
      drifting,
      window,
    );
  }
  upkeep.run(routeOf(1), 8 * dayMs);
  const places = sql.exec<{ place: string }>('SELECT place FROM drift_places ORDER BY place').toArray();
  expect(places.map(({ place }) => place)).toEqual(['pop:DRIFTS', 'pop:NEW']);
  expect(countRows(sql).drift_windows).toBe(1);
});

test('the object itself does so: through the Worker, by the rows that it leaves on disk', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'popserve-upkeep-'));
  const pop = await startPop({ directory, port: 0, settings: { TELEMETRY_FLUSH_SECONDS: '3600' } });
  try {
    const operator = TestPop.of(pop);
    await operator.release(adder('folded', '1', 1));
    let epoch = 1;
    for (let sequence = 1; sequence <= 12; sequence++) {
      await sendReport(operator, 'folded', reportOf({ isolate: 'a', sequence, pop: 'FRA', epoch, requests: 3 }));
      epoch = await operator.route('folded', { action: 'alias', name: `a${sequence}`, version: '1' });
    }
    expect((await statusOf(operator, 'folded')).versions).toMatchObject([{ version: '1', requests: 36 }]);
    const last = reportOf({ isolate: 'a', sequence: 13, pop: 'FRA', epoch, requests: 3 });
    await eventually(async () => {
      await sendReport(operator, 'folded', { ...last, sequence: last.sequence + 1 });
      using sql = await openObjectFile(directory);
      expect(countRows(sql).counts).toBeLessThanOrEqual(2);
    });
    expect((await statusOf(operator, 'folded')).versions).toMatchObject([{ version: '1', requests: 39 }]);
  } finally {
    await pop.stop();
    await rm(directory, { recursive: true, force: true });
  }
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
