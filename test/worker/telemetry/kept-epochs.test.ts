import fc from 'fast-check';
import { expect, it } from 'vitest';
import { foldedRanges, keptAs } from '../../../worker/telemetry/kept-epochs.ts';
import '../../harness/property-seed.ts';

const epochs = fc.record({ since: fc.integer({ min: 1, max: 6 }), more: fc.nat(6), epoch: fc.nat(15) });

it('keeps what is older than the rollout as one, the rollout as another, and what is newer apart', () => {
  fc.assert(
    fc.property(epochs, ({ since, more, epoch }) => {
      const kept = { since, known: since + more };
      const expected = epoch < since ? 0 : epoch <= kept.known ? since : epoch;
      expect(keptAs(kept, epoch)).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

it('adds a count where folding would have put it', () => {
  fc.assert(
    fc.property(epochs, ({ since, more, epoch }) => {
      const kept = { since, known: since + more };
      const folded = foldedRanges(kept).filter(({ from, to }) => from <= epoch && epoch <= to);
      expect(keptAs(kept, epoch)).toBe(folded.length === 1 ? folded[0]?.into : epoch);
      expect(keptAs(kept, keptAs(kept, epoch))).toBe(keptAs(kept, epoch));
    }),
    { numRuns: 500 },
  );
});

it('keeps every epoch apart until the route is known', () => {
  for (const epoch of [0, 1, 7]) expect(keptAs(null, epoch)).toBe(epoch);
});
