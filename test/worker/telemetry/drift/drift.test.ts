// Drift from requests to the signed event, through the real Worker and its Durable Object.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { DriftHistory, DriftStatus, PlaceDrift } from '../../../../registry/api/drift.ts';
import type { GuardFinding, TelemetryStatus } from '../../../../registry/api/status.ts';
import type { Manifest } from '../../../../registry/manifest.ts';
import type { Route } from '../../../../registry/route.ts';
import { type Pop, startPop } from '../../../../scripts/local-pop/pop.ts';
import { WebhookReceiver } from '../../../../scripts/local-pop/webhook-receiver.ts';
import { Random } from '../../../../scripts/random.ts';
import type { DriftReport } from '../../../../worker/telemetry/drift/drift-counter.ts';
import { layoutOf } from '../../../../worker/telemetry/drift/layout.ts';
import type { IsolateReport } from '../../../../worker/telemetry/report.ts';
import { TestPop } from '../../../harness/pop.ts';
import { adder, type SmallPublication } from '../../../harness/small-models.ts';
import { sendReport, servingOf } from '../telemetry-object.ts';
import { baselineOf } from './baselines.ts';

const secret = 'a secret of the webhook';
const rows = 1000;
/** Windows take their time on a busy machine. */
const patient = { timeout: 20_000, interval: 20 };

let receiver: WebhookReceiver;
let pop: TestPop;
beforeAll(async () => {
  receiver = await WebhookReceiver.start(secret);
  pop = await TestPop.start({
    TELEMETRY_FLUSH_SECONDS: '0',
    ROUTE_REFRESH_SECONDS: '0',
    POP_NAME: 'HEL',
    POP_REGION: 'EU',
    DRIFT_WINDOW_SECONDS: '0.2',
    WEBHOOK_URL: receiver.url,
    WEBHOOK_SECRET: secret,
    WEBHOOK_RETRY_SECONDS: '0.05',
  });
  await pop.release(watched('adder', '1'));
});
afterAll(async () => {
  await pop.stop();
  await receiver.stop();
});

const random = new Random(11);

/** Two inputs, of which the second may be shifted, by standard deviations. */
function draw(count: number, shift = 0): number[] {
  return Array.from({ length: count }, () => [random.normal(0, 1), random.normal(shift, 1)]).flat();
}

/** An adder that comes with the baseline of undrifted data. */
function watched(name: string, version: string): SmallPublication {
  const { manifest, blobs } = adder(name, version, 10);
  const x = new Float32Array(draw(4000));
  const tensors = {
    x: { shape: [4000, 2], elements: x },
    y: { shape: [4000, 2], elements: x.map((value) => value + 10) },
  };
  return { manifest: { ...manifest, baseline: baselineOf(manifest.signature, tensors, 4000) }, blobs };
}

const requestOf = (count: number, shift = 0) => ({
  inputs: [{ name: 'x', datatype: 'FP32', shape: [count, 2], data: draw(count, shift) }],
});

async function infer(model: string, shift = 0): Promise<void> {
  const answer = await pop.send('POST', `/v2/models/${model}/infer`, requestOf(rows, shift));
  expect(answer.status).toBe(200);
}

async function driftOf(model: string, query = ''): Promise<DriftStatus & { model: string }> {
  return (await pop.operate('GET', `/registry/models/${model}/drift${query}`)).json();
}

const placeOf = (status: DriftStatus, place: string, version = '1'): PlaceDrift | undefined =>
  status.versions.find((drift) => drift.version === version)?.places.find((drift) => drift.place === place);

/** Keeps the requests coming until the state of things is as expected. */
async function inferUntil(model: string, shift: number, check: (status: DriftStatus) => void): Promise<void> {
  await vi.waitFor(async () => {
    await infer(model, shift);
    check(await driftOf(model));
  }, patient);
}

describe('what devices send', () => {
  test('is counted per PoP, region and world, judged in windows, and asks for training once when it drifts', async () => {
    await inferUntil('adder', 0, (status) => {
      expect(placeOf(status, 'pop:HEL')?.windows.filter(({ judged }) => judged).length).toBeGreaterThanOrEqual(2);
    });
    const undrifted = await driftOf('adder');
    expect(undrifted.versions[0]?.places.map(({ place, drifting }) => [place, drifting])).toEqual([
      ['global', false],
      ['pop:HEL', false],
      ['region:EU', false],
    ]);
    const [first] = placeOf(undrifted, 'pop:HEL')?.window?.features ?? [];
    expect(first).toMatchObject({ feature: 'x[0]', kind: 'input', missing: 0, past: [] });
    expect(undrifted.events).toEqual([]);

    await inferUntil('adder', 1, (status) => expect(placeOf(status, 'pop:HEL')?.drifting).toBe(true));
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1), patient);
    const { id, signed, body } = receiver.received[0] ?? { id: '', signed: false, body: null };
    expect(signed).toBe(true);
    expect(body).toMatchObject({ id, type: 'retrain.requested', data: { model: 'adder', version: '1' } });
    expect(body?.data.features).toEqual(['x[1]', 'y[1]']);
    const places = body?.data.places as { place: string; rows: number; features: object[] }[];
    expect(places.map(({ place }) => place)).toContain('pop:HEL');
    expect(places[0]?.features[0]).toMatchObject({
      feature: 'x[1]',
      kind: 'input',
      statistics: { psi: { value: expect.any(Number), threshold: 0.1 } },
    });

    // It goes on, and is not said again.
    const windows = placeOf(await driftOf('adder'), 'pop:HEL')?.window?.toMs ?? 0;
    await inferUntil('adder', 1, (status) => {
      expect(placeOf(status, 'pop:HEL')?.window?.toMs).toBeGreaterThan(windows);
    });
    expect(receiver.received).toHaveLength(1);

    await inferUntil('adder', 0, (status) => {
      expect(status.versions[0]?.places.some(({ drifting }) => drifting)).toBe(false);
    });
    await vi.waitFor(() => expect(receiver.received).toHaveLength(2), patient);
    expect(receiver.received[1]).toMatchObject({
      id: `${id}.resolved`,
      signed: true,
      body: { type: 'drift.resolved', data: { model: 'adder', version: '1', requested: id, reason: 'recovered' } },
    });
    const { versions, events } = await driftOf('adder');
    expect(versions[0]?.episodes).toMatchObject([{ id, reason: 'recovered', endedMs: expect.any(Number) }]);
    expect(events.map(({ type, attempts }) => [type, attempts])).toEqual([
      ['drift.resolved', 1],
      ['retrain.requested', 1],
    ]);
  });

  test('is told of the operator alone, filtered by version and PoP', async () => {
    expect((await pop.send('GET', '/registry/models/adder/drift')).status).toBe(401);
    const filtered = await driftOf('adder', '?pop=HEL');
    expect(filtered.versions[0]?.places.map(({ place }) => place)).toEqual(['pop:HEL']);
    expect((await driftOf('adder', '?version=2')).versions).toEqual([]);
    await expect(driftOf('nothing')).rejects.toThrow(/404 .*nothing/);
    await expect(driftOf('adder', '?place=HEL')).rejects.toThrow(/400 .*place/);
  });
});

/** Counts as the isolate of another PoP would have made them: 1,000 rows, in 100 requests unless said otherwise. */
function reportOf(
  manifest: Manifest,
  from: { pop: string; region: string; sequence: number; shift: number; requests?: number; bucket?: number },
) {
  const baseline = manifest.baseline ?? baselineOf(manifest.signature, {}, 1);
  const layout = layoutOf(baseline);
  const counts = new Float64Array(layout.slots);
  const values = draw(rows, from.shift);
  for (const { kind, at, baseline: feature } of layout.features) {
    const column = feature.take as number;
    if (feature.bins.kind !== 'numeric') continue;
    for (let row = 0; row < rows; row++) {
      const value = (values[2 * row + column] ?? 0) + (kind === 'output' ? 10 : 0);
      const slot = at + feature.bins.edges.filter((edge) => edge <= value).length;
      counts[slot] = (counts[slot] ?? 0) + 1;
    }
  }
  const { version } = manifest;
  const { pop: name, sequence, requests = 100 } = from;
  const delta = { version, layout: layout.id, bucket: from.bucket, requests, rows, counts };
  const drift: DriftReport = { region: from.region, versions: [delta] };
  return { isolate: name, sequence, pop: name, serving: servingOf(1), parts: { drift } } satisfies IsolateReport;
}

describe('what several PoPs report', () => {
  test('drifts where it drifts and nowhere else', async () => {
    const { manifest, blobs } = watched('spread', '1');
    await pop.release({ manifest, blobs });
    let sequence = 0;
    const places = [
      { pop: 'FRA', region: 'EU', shift: 0 },
      { pop: 'ARN', region: 'EU', shift: 0 },
      { pop: 'SIN', region: 'AS', shift: 1 },
    ];
    const before = receiver.received.length;
    await vi.waitFor(async () => {
      sequence++;
      for (const from of places) await sendReport(pop, 'spread', reportOf(manifest, { ...from, sequence }));
      expect(placeOf(await driftOf('spread'), 'pop:SIN')?.drifting).toBe(true);
    }, patient);
    const drifting = (await driftOf('spread')).versions[0]?.places.filter((drift) => drift.drifting);
    const names = drifting?.map(({ place }) => place) ?? [];
    expect(names).toEqual(expect.arrayContaining(['pop:SIN', 'region:AS']));
    expect(names.filter((place) => place.includes('EU') || place.includes('FRA') || place.includes('ARN'))).toEqual([]);
    await vi.waitFor(() => expect(receiver.received.length).toBe(before + 1), patient);
  });

  test('of a version that is replaced, ends with its route', async () => {
    const before = receiver.received.length;
    await pop.release(watched('spread', '2'));
    await vi.waitFor(async () => {
      // The new version's windows are reviewed: what is open of the old one is looked at as well.
      await infer('spread');
      expect(receiver.received.length).toBe(before + 1);
    }, patient);
    expect(receiver.received.at(-1)?.body).toMatchObject({
      type: 'drift.resolved',
      data: { model: 'spread', version: '1', reason: 'superseded' },
    });
  });

  test('of another baseline than the version has now is dropped', async () => {
    const { manifest, blobs } = watched('renewed', '1');
    await pop.release({ manifest, blobs }, false);
    const report = reportOf(manifest, { pop: 'FRA', region: 'EU', sequence: 1, shift: 0 });
    const [delta] = report.parts.drift.versions;
    const old = { ...report, parts: { drift: { region: 'EU', versions: delta ? [{ ...delta, layout: 7 }] : [] } } };
    await sendReport(pop, 'renewed', old);
    await vi.waitFor(async () => expect((await driftOf('renewed')).versions).toEqual([]), { timeout: 10_000 });
    await sendReport(pop, 'renewed', { ...old, sequence: 2 });
    await sendReport(pop, 'renewed', { ...report, sequence: 3 });
    expect(
      placeOf(await driftOf('renewed'), 'global')?.open?.rows ??
        placeOf(await driftOf('renewed'), 'global')?.window?.rows,
    ).toBe(rows);
  });
});

describe('a version trained on two climates', () => {
  const places = [
    { pop: 'ARN', region: 'EU', shift: -1 },
    { pop: 'SIN', region: 'AS', shift: 1 },
  ];
  let sequence = 0;

  async function reportUntil(manifest: Manifest, check: (status: DriftStatus) => void): Promise<void> {
    await vi.waitFor(async () => {
      sequence++;
      for (const from of places) await sendReport(pop, 'climates', reportOf(manifest, { ...from, sequence }));
      check(await driftOf('climates'));
    }, patient);
  }

  const change = (body: object, token = pop.pop.token) =>
    pop.send('POST', '/registry/models/climates/drift', body, { authorization: `Bearer ${token}` });

  test('does not drift for ever in both: each place gets a baseline of its own, until it is taken back', async () => {
    const { manifest, blobs } = watched('climates', '1');
    await pop.release({ manifest, blobs });
    const accept = (place: string) => change({ action: 'accept', version: '1', place, reason: 'a climate of its own' });
    expect((await accept('region:EU')).status).toBe(409);
    await reportUntil(manifest, (status) => {
      for (const { region } of places) expect(placeOf(status, `region:${region}`)?.drifting).toBe(true);
    });
    const before = receiver.received.length;
    for (const { pop: name, region } of places) {
      for (const place of [`pop:${name}`, `region:${region}`]) expect((await accept(place)).status).toBe(200);
    }
    // The world is a mixture of both, and departs from the reference too.
    const status = await driftOf('climates');
    if (placeOf(status, 'global')?.window) await accept('global');
    await vi.waitFor(() => expect(receiver.received.length).toBe(before + 1), patient);
    expect(receiver.received.at(-1)?.body.data).toMatchObject({ model: 'climates', reason: 'accepted' });
    const sinceMs = Date.now();
    await reportUntil(manifest, (later) => {
      for (const { region } of places) {
        const place = placeOf(later, `region:${region}`);
        const judged = place?.windows.filter((window) => window.judged && window.fromMs >= sinceMs) ?? [];
        expect(judged.length).toBeGreaterThanOrEqual(3);
        expect(judged.flatMap(({ past }) => past)).toEqual([]);
        expect(place).toMatchObject({
          drifting: false,
          accepted: { actor: 'operator', reason: 'a climate of its own' },
        });
      }
    });
    // What is unusual there still drifts.
    const warmer = places.map((from) => ({ ...from, shift: from.shift + 1 }));
    await vi.waitFor(async () => {
      sequence++;
      for (const from of warmer) await sendReport(pop, 'climates', reportOf(manifest, { ...from, sequence }));
      expect(placeOf(await driftOf('climates'), 'region:EU')?.drifting).toBe(true);
    }, patient);
    const withdrawn = await change({ action: 'withdraw', version: '1', place: 'region:EU', reason: 'a mistake' });
    expect([withdrawn.status, withdrawn.json()]).toMatchObject([200, { accepted: null }]);
    expect(placeOf(await driftOf('climates'), 'region:EU')).toMatchObject({ accepted: null, drifting: false });
    await reportUntil(manifest, (later) => expect(placeOf(later, 'region:EU')?.drifting).toBe(true));
    const { records } = (await pop.operate('GET', '/registry/audit?limit=1')).json<{ records: object[] }>();
    expect(records[0]).toMatchObject({
      change: 'baseline withdrawn',
      details: { model: 'climates', version: '1', place: 'region:EU', reason: 'a mistake' },
    });
  });

  test('tells how a place moved, and a histogram beside what it is judged against', async () => {
    const history = async (query: string) =>
      (await pop.operate('GET', `/registry/models/climates/drift/history?${query}`)).json<DriftHistory>();
    const { windows, features, histogram, accepted } = await history('version=1&place=region:AS&feature=x[1]');
    expect(features).toEqual(['x[0]', 'x[1]', 'y[0]', 'y[1]']);
    expect(windows.length).toBeGreaterThan(2);
    expect(windows.length).toBeLessThanOrEqual(12);
    expect(windows.every(({ psi }) => psi.length === 4)).toBe(true);
    expect(accepted?.windows).toBeGreaterThan(0);
    const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
    expect(histogram?.bins.length).toBe(histogram?.live.bins.length);
    expect(sum(histogram?.reference.bins ?? [])).toBe(accepted?.rows);
    expect(sum(histogram?.live.bins ?? [])).toBe(windows.at(-1)?.rows);
    expect((await history('version=1&place=pop:XXX&feature=x[1]')).histogram).toBeNull();
    await expect(history('version=9&place=global')).rejects.toThrow(/404 .*version 9/);
    await expect(history('version=1&place=FRA')).rejects.toThrow(/400 .*place/);
  });

  test('is accepted by nobody without the right to release, and refused where there is nothing to accept', async () => {
    const key = { name: 'reader', scopes: ['read'] };
    const { token } = (await pop.operate('POST', '/registry/keys', key)).json<{ token: string }>();
    const asked = { action: 'accept', version: '1', place: 'region:EU', reason: 'x' };
    expect((await change(asked, token)).status).toBe(403);
    for (const [status, wrong] of [
      [409, { place: 'pop:XXX' }],
      [409, { action: 'withdraw', place: 'pop:XXX' }],
      [409, { version: '7' }],
      [400, { place: 'EU' }],
      [400, { action: 'forget' }],
      [400, { reason: '' }],
    ] as const) {
      expect([wrong, (await change({ ...asked, ...wrong })).status]).toEqual([wrong, status]);
    }
    expect(
      (await pop.send('POST', '/registry/models/nobody/drift', asked, { authorization: `Bearer ${pop.pop.token}` }))
        .status,
    ).toBe(404);
  });
});

describe('one caller among several', () => {
  test('is told apart by its key, and shown as rows of one caller', async () => {
    const { manifest, blobs } = watched('callers', '1');
    await pop.release({ manifest, blobs });
    await pop.send('POST', '/v2/models/callers/infer', requestOf(30));
    const key = { name: 'fleet', scopes: ['infer'] };
    const { token } = (await pop.operate('POST', '/registry/keys', key)).json<{ token: string }>();
    await pop.send('POST', '/v2/models/callers/infer', requestOf(20), { authorization: `Bearer ${token}` });
    // The operator tries things out: no production data.
    await pop.operate('POST', '/v2/models/callers/infer', requestOf(40));
    await vi.waitFor(async () => {
      const { open } = placeOf(await driftOf('callers'), 'global') ?? {};
      expect(open).toMatchObject({ rows: 50, rowsOfOthers: 20 });
      expect(open?.waits).toMatchObject({ for: 'rows', have: 50, need: expect.any(Number), judgedThen: false });
    }, patient);
  });

  test('raises no alarm, neither beside the others nor at a PoP where nobody else is', async () => {
    const { manifest, blobs } = watched('poisoned', '1');
    await pop.release({ manifest, blobs });
    let sequence = 0;
    const senders = [
      { isolate: 'a', pop: 'FRA', region: 'EU', bucket: 1, shift: 0 },
      { isolate: 'b', pop: 'FRA', region: 'EU', bucket: 2, shift: 0 },
      { isolate: 'c', pop: 'FRA', region: 'EU', bucket: 3, shift: 3 },
      { isolate: 'd', pop: 'SIN', region: 'AS', bucket: 3, shift: 3 },
      // An alarm here shows that windows were judged.
      { isolate: 'e', pop: 'GRU', region: 'SA', bucket: 9, shift: 3 },
    ];
    await vi.waitFor(async () => {
      sequence++;
      for (const { isolate, ...from } of senders) {
        await sendReport(pop, 'poisoned', { ...reportOf(manifest, { ...from, sequence }), isolate });
      }
      expect(placeOf(await driftOf('poisoned'), 'pop:GRU')?.drifting).toBe(true);
    }, patient);
    const status = await driftOf('poisoned');
    expect(placeOf(status, 'pop:FRA')?.windows.filter(({ judged }) => judged).length).toBeGreaterThan(1);
    expect(placeOf(status, 'pop:FRA')?.windows.flatMap(({ past }) => past)).toEqual([]);
    expect(placeOf(status, 'pop:SIN')).toMatchObject({ drifting: false, window: null });
    expect(placeOf(status, 'pop:SIN')?.open?.rows).toBeGreaterThan(rows);
  });

  test('who sends nearly all is judged alone only after the window has waited for the others', async () => {
    const { manifest, blobs } = watched('waiting', '1');
    await pop.release({ manifest, blobs });
    let sequence = 0;
    await vi.waitFor(async () => {
      sequence++;
      const fleet = reportOf(manifest, { pop: 'FRA', region: 'EU', bucket: 9, sequence, shift: 3 });
      const [delta] = fleet.parts.drift.versions;
      const check = delta ? [{ ...delta, bucket: 10, requests: 1, rows: 1, counts: delta.counts.map(() => 0) }] : [];
      const versions = [...fleet.parts.drift.versions, ...(sequence === 1 ? check : [])];
      await sendReport(pop, 'waiting', { ...fleet, parts: { drift: { region: 'EU', versions } } });
      expect(placeOf(await driftOf('waiting'), 'global')?.windows).not.toEqual([]);
    }, patient);
    const [first] = placeOf(await driftOf('waiting'), 'global')?.windows ?? [];
    expect(first).toMatchObject({ judged: true, past: expect.arrayContaining(['x[1]']) });
    // Twelve windows of 0.2 s.
    expect((first?.toMs ?? 0) - (first?.fromMs ?? 0)).toBeGreaterThanOrEqual(2400);
  });
});

describe('a canary with a limit on drift', () => {
  const limits = { drift: 0.2, minRequests: 100 };
  let sequence = 0;

  /** Version 1 is stable; version 2 drifts wherever it is asked. */
  async function publish(model: string): Promise<Manifest> {
    await pop.release(watched(model, '1'));
    const { manifest, blobs } = watched(model, '2');
    await pop.release({ manifest, blobs }, false);
    return manifest;
  }

  async function report(manifest: Manifest, epoch: number, requests: number): Promise<void> {
    const drifted = reportOf(manifest, { pop: 'SIN', region: 'AS', sequence: ++sequence, shift: 1, requests });
    await sendReport(pop, manifest.model, { ...drifted, serving: servingOf(epoch) });
  }

  async function findingsOf(model: string): Promise<GuardFinding[]> {
    return (await pop.operate('GET', `/registry/models/${model}/status`)).json<TelemetryStatus>().guard;
  }

  async function untilEnded(manifest: Manifest): Promise<void> {
    await vi.waitFor(async () => {
      await report(manifest, 2, 100);
      const answer = await pop.operate('GET', `/registry/models/${manifest.model}/routes`);
      const [newest] = answer.json<{ routes: Route[] }>().routes;
      expect(newest?.audit).toMatchObject({ actor: 'guard', action: 'abort' });
      expect(newest?.audit.reason).toMatch(/^PSI [0-9.]+ of 'x\[1\]' over [0-9]+ rows of [0-9]+ requests, limit 0.2/);
    }, patient);
  }

  test('is ended beyond it, by no window that was opened before the canary', async () => {
    const manifest = await publish('guarded');
    await vi.waitFor(async () => {
      await report(manifest, 1, 100);
      const window = placeOf(await driftOf('guarded'), 'global', '2')?.window;
      expect(window?.features.some(({ past }) => past.includes('psi'))).toBe(true);
    }, patient);
    // Nothing stays open: what is judged next was counted in the canary's time.
    await vi.waitFor(async () => {
      expect(placeOf(await driftOf('guarded'), 'global', '2')?.open).toBeNull();
    }, patient);
    await pop.route('guarded', { action: 'canary', version: '2', percent: 50, limits });
    expect(await findingsOf('guarded')).toEqual([]);
    await untilEnded(manifest);
  });

  test('goes on while few requests were seen, however many rows they had', async () => {
    const manifest = await publish('batches');
    await pop.route('batches', { action: 'canary', version: '2', percent: 50, limits });
    await vi.waitFor(async () => {
      await report(manifest, 2, 1);
      expect(await findingsOf('batches')).toMatchObject([{ name: 'drift', passed: false }]);
    }, patient);
    const [finding] = await findingsOf('batches');
    expect(finding?.value).toBeGreaterThan(limits.drift);
    expect(finding?.text).toMatch(/ over [0-9]+000 rows of [0-9]+ requests$/);
    expect(finding?.samples).toBeLessThan(limits.minRequests);
    await untilEnded(manifest);
  });
});

test('metrics have the same numbers, for who may read', async () => {
  expect((await pop.send('GET', '/metrics')).status).toBe(401);
  const answer = await pop.operate('GET', '/metrics?names=triton');
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0.0.4/);
  const text = new TextDecoder().decode(answer.bytes);
  expect(text).toContain('popserve_drifting{model="adder",version="1",place="pop:HEL"} 0\n');
  expect(text).toMatch(
    /popserve_drift_psi\{model="adder",version="1",place="pop:HEL",feature="x\[1\]",kind="input"\} 0\.\d+\n/,
  );
  expect(text).toMatch(/nv_inference_count\{model="adder",version="1"\} \d+\n/);
});

describe('when things fail', () => {
  test('an isolate that ends loses what it had not reported, and nothing else', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'popserve-drift-'));
    const start = () =>
      startPop({ directory, port: 0, settings: { TELEMETRY_FLUSH_SECONDS: '3600', ROUTE_REFRESH_SECONDS: '0' } });
    const { manifest, blobs } = watched('kept', '1');
    const kept = async (running: Pop, count: number) => {
      const url = new URL('/registry/models/kept/drift', running.url);
      const answer = await fetch(url, { headers: { authorization: `Bearer ${running.token}` } });
      const status = (await answer.json()) as DriftStatus;
      expect(placeOf(status, 'global')?.open?.rows).toBe(count);
      // Ten bins: five values each, or what PSI's noise asks for.
      expect(status.versions[0]?.minimumRows).toBeGreaterThan(50);
    };
    const ask = async (running: Pop) => {
      const body = JSON.stringify(requestOf(rows));
      const answer = await fetch(new URL('/v2/models/kept/infer', running.url), { method: 'POST', body });
      expect(answer.status).toBe(200);
      await answer.body?.cancel();
    };
    let running: Pop | null = null;
    try {
      const first = await start();
      running = first;
      await TestPop.of(first).release({ manifest, blobs });
      await ask(first);
      await vi.waitFor(() => kept(first, rows), patient);
      for (let request = 0; request < 3; request++) await ask(first);
      await first.stop();
      running = null;
      const second = await start();
      running = second;
      await kept(second, rows);
      await ask(second);
      await vi.waitFor(() => kept(second, 2 * rows), patient);
    } finally {
      await running?.stop();
      await rm(directory, { recursive: true, force: true });
    }
    // Two more starts of workerd, which take their time on a busy machine.
  }, 120_000);

  test('an event is sent again until the receiver takes it, with the same id and body', async () => {
    receiver.status = 0;
    const before = receiver.received.length;
    await pop.release(watched('retried', '1'));
    await inferUntil('retried', 1, () => expect(receiver.received.length).toBeGreaterThan(before + 1));
    receiver.status = 503;
    await vi.waitFor(async () => {
      expect((await driftOf('retried')).events[0]?.lastError).toBe('the receiver answered 503');
    }, patient);
    receiver.status = 204;
    await vi.waitFor(async () => expect((await driftOf('retried')).events[0]?.deliveredMs).not.toBeNull(), {
      timeout: 10_000,
    });
    const [event] = (await driftOf('retried')).events;
    const sent = receiver.received.slice(before);
    expect(sent.length).toBe(event?.attempts);
    expect(new Set(sent.map(({ id }) => id))).toEqual(new Set([event?.id]));
    expect(new Set(sent.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(sent.every(({ signed }) => signed)).toBe(true);
    expect(event?.lastError).toBe('the receiver answered 503');
  });
});
