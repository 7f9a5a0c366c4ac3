import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  newSpanId,
  newTraceId,
  readTraceparent,
  writeTraceparent,
} from '../../../../worker/telemetry/trace/trace-context.ts';
import '../../../harness/property-seed.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentId = '00f067aa0ba902b7';

test('version 0, and what version 0 knows of later ones', () => {
  const context = { traceId, parentId, sampled: true };
  expect(readTraceparent(`00-${traceId}-${parentId}-01`)).toEqual(context);
  expect(readTraceparent(`00-${traceId}-${parentId}-00`)).toEqual({ ...context, sampled: false });
  // Flags that are not known are passed by.
  expect(readTraceparent(`00-${traceId}-${parentId}-fe`)).toEqual({ ...context, sampled: false });
  expect(readTraceparent(`01-${traceId}-${parentId}-01`)).toEqual(context);
  expect(readTraceparent(`cc-${traceId}-${parentId}-01-what-the-future-brings`)).toEqual(context);
});

// https://github.com/w3c/trace-context/blob/main/test/test.py has these and more.
test.each([
  '',
  `ff-${traceId}-${parentId}-01`,
  `00-${traceId}-${parentId}-01-more`,
  `00-${traceId}-${parentId}-01.`,
  `cc-${traceId}-${parentId}-01.what`,
  `00-${'0'.repeat(32)}-${parentId}-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  `00-${traceId.toUpperCase()}-${parentId}-01`,
  `00-${traceId.slice(1)}-${parentId}-01`,
  `00-${traceId}-${parentId}-1`,
  `0-${traceId}-${parentId}-01`,
  ` 00-${traceId}-${parentId}-01`,
  `00-${traceId}-${parentId}-0x`,
  `00_${traceId}_${parentId}_01`,
])('%j is invalid', (header) => {
  expect(readTraceparent(header)).toBeNull();
});

test('what is written is read again, and ids are never all 0', () => {
  const made = writeTraceparent(newTraceId(), newSpanId(), true);
  expect(made).toMatch(/^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01$/);
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), (text) => {
      const context = readTraceparent(text);
      if (context !== null)
        expect(readTraceparent(writeTraceparent(context.traceId, context.parentId ?? '', true))).not.toBeNull();
    }),
  );
});
