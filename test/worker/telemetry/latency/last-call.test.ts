import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readLastCall } from '../../../../worker/telemetry/latency/last-call.ts';
import '../../../harness/property-seed.ts';

const whole = 'ms=41.3, status=200, bytes=812, version="2", pop="FRA"';

test('a call is read in any order of its members, with what it does not tell left open', () => {
  const call = { ms: 41.3, outcome: 'ok', bytes: 812, version: '2', pop: 'FRA' };
  expect(readLastCall(whole)).toEqual(call);
  expect(readLastCall(whole.split(', ').reverse().join(','))).toEqual(call);
  expect(readLastCall('ms=10000, status=timeout')).toEqual({
    ...{ ms: 10_000, outcome: 'timeout', bytes: null, version: null, pop: null },
  });
  expect(readLastCall('ms=1, status=503, later="x"')).toMatchObject({ outcome: 'failed' });
  expect(readLastCall('ms=1, status=429')).toMatchObject({ outcome: 'refused' });
});

test.each([
  '',
  'fast',
  'ms=1',
  'status=200',
  'ms=-1, status=200',
  'ms=NaN, status=200',
  'ms=1e9, status=200',
  'ms=600001, status=200',
  'ms=1, status=999',
  'ms=1, status=100',
  'ms=1 status=200',
  'ms="1\\"", status=200',
  `${whole}, more="${'x'.repeat(300)}"`,
])('%j is no call', (text) => {
  expect(readLastCall(text)).toBeNull();
});

test('nothing that a caller can send throws, takes long, or gives a number out of bounds', () => {
  const member = fc.tuple(fc.constantFrom('ms', 'status', 'bytes', 'version', 'x'), fc.string({ maxLength: 20 }));
  const likely = fc.array(member).map((members) => members.map(([name, value]) => `${name}=${value}`).join(', '));
  fc.assert(
    fc.property(fc.oneof(fc.string(), likely), (text) => {
      const call = readLastCall(text);
      if (call === null) return;
      expect(call.ms).toBeGreaterThanOrEqual(0);
      expect(call.ms).toBeLessThanOrEqual(600_000);
      expect(Number.isFinite(call.bytes ?? 0)).toBe(true);
    }),
  );
});
