// Reports that an isolate of another version of the code could send: whatever one part is, the others arrive.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyParts } from '../../../worker/telemetry/apply-parts.ts';
import { readTotals } from '../../../worker/telemetry/counts-part.ts';
import { knownVersions } from '../../../worker/telemetry/drift/drift-tables.ts';
import { feedbackCounts } from '../../../worker/telemetry/feedback/feedback-part.ts';
import { slots } from '../../../worker/telemetry/latency/bins.ts';
import { latencyCounts } from '../../../worker/telemetry/latency/latency-part.ts';
import { telemetryParts } from '../../../worker/telemetry/parts.ts';
import type { PartName, Parts } from '../../../worker/telemetry/report.ts';
import { countSample } from '../../../worker/telemetry/sample/sample-part.ts';
import { readShadows } from '../../../worker/telemetry/shadow-part.ts';
import { openObject } from './sqlite.ts';
import '../../harness/property-seed.ts';

const good: Parts = {
  counts: [
    {
      ...{ version: '1', epoch: 1, requests: 3, inferences: 2, failures: { INTERNAL: 1 } },
      ...{
        routedRequests: 3,
        routedFailures: 1,
        loadFailures: 0,
        litertRuns: 0,
        litertFailures: 0,
        lastInferenceMs: 1_800_000_000_000,
      },
    },
  ],
  drift: {
    region: null,
    versions: [{ version: '1', layout: 4_000_000_000, requests: 3, rows: 9, counts: new Float64Array([1, 2]) }],
  },
  feedback: [
    {
      ...{ issuer: '0123456789ab', sequence: 7, expiresDay: 30_000, version: '1', epoch: 1, side: 'stable' },
      ...{ pop: 'FRA', bucket: 3, counts: new Float64Array([3, 2]) },
    },
  ],
  latency: [{ version: '1', epoch: 1, side: 'stable', bucket: 3, counts: new Float64Array(slots).fill(1) }],
  sample: {
    ...{ region: 'EU', size: 2, keptMs: 1000 },
    windows: [
      {
        ...{ version: '1', fromMs: 1000, toMs: 2000, seen: 9, skipped: 0 },
        rows: [{ tag: 0, item: { atMs: 1500, features: '{"x":1}', prediction: '{}' } }],
      },
    ],
  },
  shadow: [
    {
      ...{ stable: '1', candidate: '2', epoch: 1, requests: 1, compared: 1, disagreements: 0, errors: 0, skipped: 0 },
      ...{ elements: 2, sumDifference: Number.POSITIVE_INFINITY, maxDifference: 1.7e308 },
    },
  ],
};
const names = Object.keys(good) as PartName[];

function applied(parts: Record<string, unknown>) {
  using sql = openObject();
  const logged: { event: string; part: unknown }[] = [];
  const context = { pop: 'FRA', atMs: 1500, keptAs: (epoch: number) => epoch, hear: () => undefined };
  const log = (event: string, { part }: Record<string, unknown>) => void logged.push({ event, part });
  applyParts(telemetryParts, parts, { sql, model: 'm', context, log });
  const kept: Record<PartName, boolean> = {
    counts: readTotals(sql).length > 0,
    drift: knownVersions(sql).length > 0,
    feedback: feedbackCounts.totals(sql).length > 0,
    latency: latencyCounts.totals(sql).length > 0,
    sample: countSample(sql, {}).rows > 0,
    shadow: readShadows(sql).length > 0,
  };
  return { kept: names.filter((name) => kept[name]), logged };
}

test('what sources take is what parts accept', () => {
  expect(applied({ ...good })).toEqual({ kept: names, logged: [] });
});

test('fields that newer code adds are passed by', () => {
  const [counts] = good.counts;
  expect(applied({ ...good, counts: [{ ...counts, added: 1 }], drift: { ...good.drift, added: 1 } })).toEqual({
    kept: names,
    logged: [],
  });
});

/** Everything that can stand in the place of a value that is wanted, by its path in a part. */
function broken(value: unknown): unknown[] {
  const others = [null, undefined, 'text', -1, Number.NaN, [], {}, new Float64Array([Number.NaN])];
  if (Array.isArray(value)) {
    return [...others, ...broken(value[0]).map((first) => [first, ...value.slice(1)])];
  }
  if (typeof value === 'object' && value !== null && !(value instanceof Float64Array)) {
    return [
      ...others,
      ...Object.entries(value).flatMap(([key, inner]) => broken(inner).map((other) => ({ ...value, [key]: other }))),
    ];
  }
  return others;
}

test('a part of any other shape is kept or logged, and the other parts are kept', () => {
  const choices = names.flatMap((name) => broken(good[name]).map((data) => ({ name, data })));
  let refused = 0;
  for (const { name, data } of choices) {
    const { kept, logged } = applied({ ...good, [name]: data });
    expect(kept).toEqual(expect.arrayContaining(names.filter((other) => other !== name)));
    if (logged.length > 0) {
      refused++;
      expect(logged).toEqual([{ event: 'part-malformed', part: name }]);
      expect(kept, JSON.stringify(data)).not.toContain(name);
    }
  }
  expect(refused).toBeGreaterThan(choices.length / 2);
});

test('a name that is not a part is logged, whatever it is', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.constantFrom('toString', '__proto__', 'constructor')),
      fc.anything(),
      (name, data) => {
        fc.pre(!names.some((known) => known === name));
        const parts = Object.defineProperty({ ...good }, name, { value: data, enumerable: true });
        expect(applied(parts)).toEqual({ kept: names, logged: [{ event: 'part-unknown', part: name }] });
      },
    ),
    { numRuns: 50 },
  );
});
