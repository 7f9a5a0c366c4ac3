import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Bins,
  binCountsSchema,
  binsSchema,
  categoricalBins,
  countValues,
  emptyCounts,
  looksCategorical,
  mergeCounts,
  numericBins,
  totalCount,
} from '../../registry/binning.ts';

function numeric(edges: number[], range: [number, number] | null = null): Bins {
  return { kind: 'numeric', edges, range };
}

/** Any values that can come from a device. */
const anyNumber = fc.oneof(fc.double(), fc.integer({ min: -3, max: 3 }), fc.constant(Number.NaN));

describe('numeric bins', () => {
  it('hold the same number of values each', () => {
    const values = Array.from({ length: 1000 }, (_, index) => (index * 7919) % 1000);
    const bins = numericBins(values);
    expect(bins).toEqual(numeric([99.5, 199.5, 299.5, 399.5, 499.5, 599.5, 699.5, 799.5, 899.5], [0, 999]));
    expect(countValues(bins, values)).toEqual({ bins: new Array(10).fill(100), missing: 0, outside: 0 });
  });

  it('give a value that comes very often a bin of its own and share the rest', () => {
    const values = [...new Array(600).fill(0), ...Array.from({ length: 400 }, (_, index) => index + 1)];
    const { bins } = countValues(numericBins(values), values);
    expect(bins[0]).toBe(600);
    expect(bins).toHaveLength(10);
    for (const count of bins.slice(1)) expect(count).toBeGreaterThanOrEqual(44);
  });

  it('give each value a bin where there are few, and none to a feature without values', () => {
    expect(numericBins([3, 1, 1, 2, 2, 2])).toEqual(numeric([1.5, 2.5], [1, 3]));
    expect(numericBins([5, 5, 5])).toEqual(numeric([], [5, 5]));
    expect(numericBins([Number.NaN, Number.POSITIVE_INFINITY])).toEqual(numeric([], null));
  });

  it('have edges between the values, so that a digit lost on the way changes no bin', () => {
    const values = Array.from({ length: 200 }, (_, index) => 0.1 * (index % 20));
    const bins = numericBins(values);
    expect(countValues(bins, values.map(Math.fround))).toMatchObject({ bins: countValues(bins, values).bins });
    expect(JSON.stringify(bins).length).toBeLessThan(120);
  });

  it('count missing values apart, and what is out of range in an outer bin and as such', () => {
    const counts = countValues(numeric([1, 2], [0, 3]), [
      ...[Number.NaN, '', 0.5, 1, 1.5, 2],
      ...[-0.001, 3, 3.001, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    ]);
    expect(counts).toEqual({ bins: [3, 2, 4], missing: 2, outside: 4 });
  });

  it('are valid, ascend, and put every value into exactly one bin', () => {
    fc.assert(
      fc.property(fc.array(anyNumber, { maxLength: 300 }), fc.array(anyNumber), (reference, live) => {
        const bins = numericBins(reference);
        expect(binsSchema.parse(JSON.parse(JSON.stringify(bins)))).toEqual(bins);
        expect(totalCount(countValues(bins, live))).toBe(live.length);
        expect(countValues(bins, reference).outside).toBe(
          reference.filter(
            (value) => Math.abs(value) === Number.POSITIVE_INFINITY && bins.kind === 'numeric' && bins.range !== null,
          ).length,
        );
      }),
    );
  });

  it('are about even for values that do not repeat', () => {
    // Not any double: 0 and -0 are one value, and between neighbours there is no edge.
    const value = fc.integer({ min: -1e9, max: 1e9 }).map((integer) => integer / 8);
    fc.assert(
      fc.property(fc.uniqueArray(value, { minLength: 100, comparator: 'SameValueZero' }), (values) => {
        const { bins } = countValues(numericBins(values), values);
        expect(bins).toHaveLength(10);
        expect(Math.max(...bins) - Math.min(...bins)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('count the same whatever the order and however split', () => {
    fc.assert(
      fc.property(
        fc.array(anyNumber),
        fc.array(anyNumber),
        fc.array(anyNumber, { minLength: 1 }),
        (a, b, reference) => {
          const bins = numericBins(reference);
          const parts = [countValues(bins, b), countValues(bins, a)].reduce(mergeCounts, emptyCounts(bins));
          expect(parts).toEqual(countValues(bins, [...a, ...b].reverse()));
        },
      ),
    );
  });
});

describe('an edge', () => {
  it.each([
    ['half-way where few digits say so', [1, 2], [1.5]],
    ['a shorter number that is a quarter of the way from the lower value', [9, 13], [10]],
    ['a shorter number that is a quarter of the way from the higher value', [17, 21], [20]],
    ['a digit longer where the shorter number is one of the values', [9, 10], [9.5]],
    ['the higher value where no number lies between', [0, 5e-324], [5e-324]],
    ['plain zero and never minus zero', [-1, 1], [0]],
  ])('is %s', (_, values, edges) => {
    const bins = numericBins(values, 2);
    expect(bins.kind === 'numeric' && bins.edges).toStrictEqual(edges);
  });

  it.each([
    ['before a run of equal values that would fill the bin beyond its share', [1, 1, 2, 2, 2, 2], [1.5]],
    ['behind a run of equal values where that is nearer', [1, 2, 2, 2, 3, 3, 3, 3], [2.5]],
    ['behind a run of equal values where both ends are as near', [1, 2, 2, 2, 2, 3], [2.5]],
    ['behind a run of equal values that begins the bin', [1, 1, 1, 1, 2, 3], [1.5]],
  ])('lies %s', (_, values, edges) => {
    expect(numericBins(values, 2)).toMatchObject({ edges });
  });

  it('is left out where one bin is wanted, and the range has no minus zero', () => {
    expect(numericBins([3, 1, 2], 1)).toEqual(numeric([], [1, 3]));
    expect(numericBins([-0, -0])).toStrictEqual(numeric([], [0, 0]));
    expect(numericBins([Number.NaN, Number.POSITIVE_INFINITY])).toEqual(numeric([], null));
  });
});

it('a feature whose reference had no values has nothing out of range', () => {
  expect(countValues(numeric([]), [5, Number.POSITIVE_INFINITY, Number.NaN])).toEqual({
    bins: [2],
    missing: 1,
    outside: 0,
  });
});

describe('categorical bins', () => {
  it('are the categories by name, and one bin for all others', () => {
    const bins = categoricalBins(['M', 'L', 'H', 'L', '']);
    expect(bins).toEqual({ kind: 'categorical', categories: ['H', 'L', 'M'] });
    expect(countValues(bins, ['L', 'X', '', 'M', 'L', 'constructor'])).toEqual({
      bins: [0, 2, 1, 2],
      missing: 1,
      outside: 2,
    });
  });

  it('keep the most frequent of many', () => {
    const values = Array.from({ length: 100 }, (_, index) => new Array<string>(index + 1).fill(`c${index}`)).flat();
    const bins = categoricalBins(values);
    expect(bins.kind === 'categorical' && bins.categories).toHaveLength(32);
    expect(countValues(bins, values).outside).toBe((68 * 69) / 2);
  });

  it('keep the first by name of many that are as frequent', () => {
    const names = Array.from({ length: 40 }, (_, index) => `c${index + 10}`);
    const bins = { kind: 'categorical', categories: names.slice(0, 32) };
    expect(categoricalBins(names)).toEqual(bins);
    expect(categoricalBins(names.toReversed())).toEqual(bins);
  });

  it('count numbers and booleans as they are written', () => {
    expect(countValues(categoricalBins([1, 0, 1]), [1, 1, 0, 2]).bins).toEqual([1, 2, 1]);
  });

  it('are for what has few and short values, each several times', () => {
    const repeated = (values: string[]) => values.flatMap((value) => new Array<string>(6).fill(value));
    expect(looksCategorical(repeated(['a', 'b']))).toBe(true);
    expect(looksCategorical(['a', 'b', 'c'])).toBe(false);
    expect(looksCategorical(repeated(['x'.repeat(65)]))).toBe(false);
    expect(looksCategorical(repeated(Array.from({ length: 33 }, (_, index) => String(index))))).toBe(false);
  });

  it('are for what just has few, short and repeated values; missing ones do not count', () => {
    const times = (count: number, ...values: string[]) =>
      values.flatMap((value) => new Array<string>(count).fill(value));
    expect(looksCategorical(times(5, 'a', 'b'))).toBe(true);
    expect(looksCategorical([...times(5, 'a'), ...times(4, 'b'), '', ''])).toBe(false);
    expect(looksCategorical(times(5, ...Array.from({ length: 32 }, (_, index) => String(index))))).toBe(true);
    expect(looksCategorical(times(5, 'x'.repeat(64)))).toBe(true);
    expect(looksCategorical(times(5, 'a', 'x'.repeat(65)))).toBe(false);
  });

  it('are stored with up to 32 categories and 64 edges', () => {
    const names = (length: number) => Array.from({ length }, (_, index) => String(index));
    const stored = (bins: unknown) => binsSchema.safeParse(bins).success;
    expect([0, 32, 33].map((count) => stored({ kind: 'categorical', categories: names(count) }))).toEqual([
      true,
      true,
      false,
    ]);
    expect([0, 64, 65].map((count) => stored(numeric(names(count).map(Number))))).toEqual([true, true, false]);
    expect(binsSchema.safeParse(numeric([2, 1])).error?.issues[0]?.path).toEqual(['edges']);
    const twice = { kind: 'categorical', categories: ['a', 'a'] };
    expect(binsSchema.safeParse(twice).error?.issues[0]?.path).toEqual(['categories']);
  });

  it('are counted with one whole number of 0 or more for each bin', () => {
    const stored = (bins: number[]) => binCountsSchema.safeParse({ bins, missing: 0, outside: 0 }).success;
    expect([[0], [1, 2, 3], [], [-1], [0.5]].map(stored)).toEqual([true, true, false, false, false]);
  });

  it.each([
    ['edges that do not ascend', numeric([1, 1]), 'ascending'],
    ['a category twice', { kind: 'categorical', categories: ['a', 'a'] }, 'once'],
  ])('refuse %s', (_, bins, words) => {
    expect(binsSchema.safeParse(bins).error?.message).toContain(words);
  });
});
