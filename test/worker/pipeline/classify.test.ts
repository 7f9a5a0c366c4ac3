import fc from 'fast-check';
import { expect, it } from 'vitest';
import { classify } from '../../../worker/pipeline/classify.ts';
import '../../harness/property-seed.ts';

const labels = (count: number) => Array.from({ length: count }, (_, index) => `c${index}`);
const best = (values: readonly number[], topK: number) => {
  const data = new Uint8Array(Float64Array.from(values).buffer);
  const output = { name: 'y', datatype: 'FP64' as const, shape: [1, values.length], data };
  const [found = []] = classify(output, { activation: 'none', labels: labels(values.length) }, { topK });
  return found.map(({ label }) => Number(label.slice(1)));
};

/** Many equal ones among them. */
const score = fc.oneof(
  fc.constantFrom(0, 1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.double(),
);

it('the highest classes are those of a sorted list, equal ones in their order, however many are asked for', () => {
  fc.assert(
    fc.property(fc.array(score, { minLength: 1, maxLength: 200 }), fc.integer({ min: 1, max: 250 }), (values, topK) => {
      const rank = (value: number) => (Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value);
      const sorted = values
        .map((value, index) => ({ rank: rank(value), index }))
        .sort((a, b) => (a.rank === b.rank ? a.index - b.index : a.rank < b.rank ? 1 : -1));
      const highest = sorted.slice(0, topK).map(({ index }) => index);
      // NaN is no score that is at least any threshold.
      expect(best(values, topK)).toEqual(highest.filter((index) => !Number.isNaN(values[index])));
    }),
  );
});
