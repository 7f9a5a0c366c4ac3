// Some kinds of attack for a moment each, and how a report is judged; `npm run attack` runs all of them for longer.
import { expect, test } from 'vitest';
import { mebibyte } from '../../../../registry/mebibytes.ts';
import type { KindReport } from '../../../../scripts/checks/attack/kind.ts';
import { kinds } from '../../../../scripts/checks/attack/kinds.ts';
import { faultsOf } from '../../../../scripts/checks/attack/measure.ts';
import { attack } from '../../../../scripts/checks/attack/run.ts';

test('a victim is served while others attack, and each attack gets what it is to get', async () => {
  const expected: Record<string, readonly string[]> = {
    'zero-sizes': ['400', '413'],
    'refused-requests': ['400', '403', '404', '405'],
    'foreign-blob': ['403', '404'],
    'foreign-copies': ['200'],
  };
  const chosen = kinds.filter(({ name }) => name in expected);
  const told: string[] = [];
  const reports = await attack(chosen, 1, ({ name }) => told.push(name));
  expect(told).toEqual(Object.keys(expected));
  for (const { name, victimErrors, got, fired, during, heldBytes } of reports) {
    expect(victimErrors, name).toEqual({});
    expect(fired, name).toBeGreaterThan(0);
    expect(during?.count, name).toBeGreaterThan(0);
    expect(heldBytes, name).toBeGreaterThan(mebibyte);
    for (const status of Object.keys(got)) expect(expected[name], name).toContain(status);
  }
}, 120_000);

test('a report is past a limit by errors, a slower victim, processor time and memory', () => {
  const quiet = { medianMs: 2, p99Ms: 20, count: 100 };
  const good: Omit<KindReport, 'faults'> = {
    ...{ name: 'some', quiet, during: { ...quiet, p99Ms: 60 }, victimErrors: {}, fired: 1, got: {} },
    ...{ cpuMs: 250, heldBytes: 122 * mebibyte, seenBytes: 130 * mebibyte },
  };
  expect(faultsOf(good)).toEqual([]);
  // Percentiles of a fast and quiet machine count as 10 ms.
  const fast = { medianMs: 1, p99Ms: 2, count: 100 };
  expect(faultsOf({ ...good, quiet: fast, during: { ...fast, p99Ms: 30 } })).toEqual([]);
  expect(
    faultsOf({
      ...good,
      ...{ during: { ...quiet, p99Ms: 61 }, victimErrors: { '503 busy': 2 }, cpuMs: 251, heldBytes: 123 * mebibyte },
    }),
  ).toEqual([
    'a victim saw 2 times: 503 busy',
    "a victim's p99 was 61 ms, the limit is 60 ms (quiet 20.0 ms)",
    'an attacking request took 251 ms of CPU, the limit is 250 ms',
    'the isolate held 123.0 MiB, the limit is 122.0 MiB',
  ]);
});
