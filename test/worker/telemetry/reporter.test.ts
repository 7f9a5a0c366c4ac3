// The isolate's side of reports: batched, kept while the Durable Object is away, never sent twice as two.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Serving } from '../../../registry/api/status.ts';
import { Random } from '../../../scripts/random.ts';
import type { CountsDelta } from '../../../worker/telemetry/counters.ts';
import { DriftCounter } from '../../../worker/telemetry/drift/drift-counter.ts';
import type { IsolateReport } from '../../../worker/telemetry/report.ts';
import { Reporter } from '../../../worker/telemetry/reporter.ts';
import { baselineOf, drawTable, manifestWith, somebody, tableSignature, tensorOf } from './drift/baselines.ts';

const serving: Serving = { epoch: 1, stable: '1', canary: null, held: null, ahead: null };

function deltaOf(requests: number): CountsDelta {
  return {
    ...{ version: '1', epoch: 1, requests, inferences: requests, failures: {} },
    ...{
      routedRequests: requests,
      routedFailures: 0,
      loadFailures: 0,
      litertRuns: 0,
      litertFailures: 0,
      lastInferenceMs: 0,
    },
  };
}

function setUp(flushSeconds: number) {
  const sent: IsolateReport[] = [];
  const logged: string[] = [];
  const stage = { count: 0, away: false, pending: [] as Promise<unknown>[], answered: null as Promise<void> | null };
  const reporter = new Reporter({
    sources: {
      counts: () => {
        const { count } = stage;
        stage.count = 0;
        return count === 0 ? undefined : [deltaOf(count)];
      },
    },
    send: async (_model, report) => {
      sent.push(structuredClone(report));
      await stage.answered;
      if (stage.away) throw new Error('the object is away');
    },
    flushSeconds,
    log: (event) => logged.push(event),
  });
  const flush = async (now = serving) => {
    reporter.flushBehind('m', 'FRA', now, { waitUntil: (promise) => void stage.pending.push(promise) });
    if (stage.answered === null) await Promise.all(stage.pending);
  };
  return { sent, logged, stage, flush };
}

test('reports at most once per interval, and at once when what is served changes', async () => {
  const { sent, stage, flush } = setUp(3600);
  for (let request = 0; request < 5; request++) {
    stage.count++;
    await flush();
  }
  expect(sent).toMatchObject([{ sequence: 1, parts: { counts: [{ requests: 1 }] }, pop: 'FRA', serving }]);
  await flush({ ...serving, epoch: 2 });
  await flush({ ...serving, epoch: 2 });
  expect(sent[1]).toMatchObject({ sequence: 2, parts: { counts: [{ requests: 4 }] }, serving: { epoch: 2 } });
  await flush({ ...serving, epoch: 2, held: { epoch: 3, reason: 'broken' } });
  expect(sent).toHaveLength(3);
});

test('an object that is away is asked once per interval, not by every request', async () => {
  const { sent, stage, flush } = setUp(3600);
  stage.away = true;
  for (let request = 0; request < 5; request++) {
    stage.count++;
    await flush();
  }
  expect(sent).toHaveLength(1);
});

test('says nothing when there is nothing to tell', async () => {
  const { sent, flush } = setUp(0);
  for (let request = 0; request < 5; request++) await flush();
  expect(sent).toHaveLength(1);
});

test('repeats what was not acknowledged with its number, and loses nothing of what came meanwhile', async () => {
  const { sent, logged, stage, flush } = setUp(0);
  stage.away = true;
  for (let request = 0; request < 4; request++) {
    stage.count += 10;
    await flush();
  }
  expect(sent.map(({ sequence, parts }) => [sequence, parts.counts?.[0]?.requests])).toEqual(Array(4).fill([1, 10]));
  expect(logged).toEqual(Array(4).fill('report-failed'));
  stage.away = false;
  await flush();
  expect(sent.slice(4).map(({ sequence, parts }) => [sequence, parts.counts?.[0]?.requests])).toEqual([
    [1, 10],
    [2, 30],
  ]);
});

test('one flush at a time', async () => {
  const { sent, stage, flush } = setUp(0);
  stage.answered = new Promise(() => {});
  for (let request = 0; request < 5; request++) {
    stage.count++;
    await flush();
  }
  expect(sent).toHaveLength(1);
});

test('a source that fails keeps none of the other parts from being sent, and is logged', async () => {
  const sent: IsolateReport[] = [];
  const logged: unknown[] = [];
  const pending: Promise<unknown>[] = [];
  const reporter = new Reporter({
    sources: {
      counts: () => [deltaOf(3)],
      drift: () => {
        throw new Error('broken');
      },
      shadow: () => [],
    },
    send: async (_model, report) => void sent.push(report),
    flushSeconds: 0,
    log: (event, fields) => logged.push({ event, ...fields }),
  });
  reporter.flushBehind('m', 'FRA', serving, { waitUntil: (promise) => void pending.push(promise) });
  await Promise.all(pending);
  expect(sent.map(({ parts }) => parts)).toEqual([{ counts: [deltaOf(3)], shadow: [] }]);
  expect(logged).toEqual([{ event: 'part-not-collected', model: 'm', part: 'drift', error: 'Error: broken' }]);
});

describe('by the clock', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
  afterEach(() => void vi.useRealTimers());

  test('an isolate that has nothing to tell still says every five minutes that it is there', async () => {
    const { sent, flush } = setUp(10);
    await flush();
    vi.advanceTimersByTime(299_999);
    await flush();
    expect(sent).toHaveLength(1);
    vi.advanceTimersByTime(10_000);
    await flush();
    expect(sent.map(({ sequence, parts }) => [sequence, parts])).toEqual([
      [1, {}],
      [2, {}],
    ]);
  });

  test('a flush that does not end is given up after half a minute, and does nothing more if it ends after all', async () => {
    const { sent, stage, flush } = setUp(0);
    /** Until it is called, what is sent from now on is not answered. */
    const hold = () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      stage.answered = promise;
      return resolve;
    };
    const told = () =>
      sent.map(({ sequence, serving: { epoch }, parts }) => [sequence, epoch, parts.counts?.[0]?.requests]);
    const answerFirst = hold();
    stage.count = 1;
    void flush();
    vi.advanceTimersByTime(29_999);
    void flush();
    expect(told()).toEqual([[1, 1, 1]]);
    const answerSecond = hold();
    vi.advanceTimersByTime(1);
    // The report that was not acknowledged goes first, with its number.
    void flush();
    expect(told()).toEqual([
      [1, 1, 1],
      [1, 1, 1],
    ]);
    // The first flush ends: the second is still under way.
    answerFirst();
    await stage.pending[0];
    stage.count = 5;
    void flush();
    expect(sent).toHaveLength(2);
    vi.advanceTimersByTime(30_000);
    const answerThird = hold();
    void flush({ ...serving, epoch: 2 });
    // The second was given up as well: what is collected goes with the third, which knows what is served now.
    answerSecond();
    answerThird();
    await Promise.all(stage.pending);
    expect(told().slice(2)).toEqual([[2, 2, 5]]);
  });
});

test('live values that were counted while the object was away arrive once it is back, each once', async () => {
  const random = new Random(1);
  const baseline = baselineOf(tableSignature, drawTable(random, 200), 200);
  const manifest = manifestWith(tableSignature, baseline);
  const drift = new DriftCounter(null, () => {});
  const stored = new Map<number, IsolateReport>();
  const pending: Promise<unknown>[] = [];
  let away = true;
  const reporter = new Reporter({
    sources: { drift: (model) => drift.take(model) },
    send: async (_model, report) => {
      if (away) throw new Error('the object is away');
      stored.set(report.sequence, report);
    },
    flushSeconds: 0,
    log: () => {},
  });
  for (let request = 0; request < 10; request++) {
    const { features } = drawTable(random, 1);
    drift.count(manifest, somebody, [tensorOf('features', 'FP64', [1, 5], features.elements)], []);
    away = request < 7;
    reporter.flushBehind('m', 'FRA', serving, { waitUntil: (promise) => void pending.push(promise) });
    await Promise.all(pending);
  }
  const reports = [...stored.values()].flatMap(({ parts }) => parts.drift?.versions ?? []);
  expect(reports.reduce((sum, { rows }) => sum + rows, 0)).toBe(10);
});
