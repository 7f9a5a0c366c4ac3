import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../../scripts/random.ts';
import { chiSquaredLimit, chiSquaredTail } from '../../../../worker/telemetry/drift/chi-squared.ts';
import {
  chanceOfShare,
  jensenShannonDistance,
  noiseOfPsi,
  poolSparseBins,
  populationStabilityIndex,
} from '../../../../worker/telemetry/drift/distance.ts';

describe('the chi-squared distribution', () => {
  // scipy.stats.chi2.sf of SciPy 1.17.1
  it.each([
    [1, 3.841458820694124, 0.04999999999999989],
    [9, 16.918977604620448, 0.05000000000000007],
    [9, 40, 7.598525229464264e-6],
    [63, 120, 2.010693881650102e-5],
    [2, 1e-3, 0.9995001249791693],
    [100, 70, 0.9901544975235914],
    [1, 1e-6, 0.9992021155721779],
    [9, 200, 3.312992393909567e-38],
  ])('with %i degrees of freedom exceeds %f with a chance of %f', (freedom, value, chance) => {
    expect(chiSquaredTail(value, freedom) / chance).toBeCloseTo(1, 10);
  });

  // scipy.stats.chi2.isf
  it.each([
    [1, 0.05, 3.8414588206941285],
    [9, 0.01, 21.665994333461928],
    [9, 6e-5, 34.98284084904657],
    [33, 1e-7, 93.71603574499231],
    [64, 1e-3, 104.71632526304059],
  ])('with %i degrees of freedom and a chance of %f has the limit %f', (freedom, chance, limit) => {
    expect(chiSquaredLimit(chance, freedom) / limit).toBeCloseTo(1, 8);
  });
});

describe('distances between counts', () => {
  // Numpy and scipy.spatial.distance.jensenshannon(p, q, 2) over (count + 0.5) / total.
  it.each([
    [[100, 100, 100], [100, 100, 100], 0, 0],
    [[120, 80, 100, 100, 100], [100, 100, 90, 110, 150], 0.048352776973320966, 0.09323186864348926],
    [[1000, 2000, 3000, 4000], [40, 30, 20, 10], 0.892098582167635, 0.3877213412928476],
    [[50, 50], [5, 95], 1.2717526434274422, 0.4462407638678216],
  ])('of %j and %j are %f and %f', (reference, live, psi, distance) => {
    expect(populationStabilityIndex({ reference, live })).toBeCloseTo(psi, 12);
    expect(jensenShannonDistance({ reference, live })).toBeCloseTo(distance, 12);
  });

  it('give the published example of the Jensen-Shannon distance where smoothing is no matter', () => {
    // SciPy's documentation: jensenshannon([1, 0], [0.5, 0.5]) = 0.46450140402245893 with natural logarithms.
    const [reference, live] = [
      [1e15, 0],
      [5e14, 5e14],
    ];
    const distance = jensenShannonDistance({ reference, live }) * Math.sqrt(Math.LN2);
    expect(distance).toBeCloseTo(0.46450140402245893, 6);
  });

  const bins = fc.array(fc.nat(10_000), { minLength: 2, maxLength: 20 });
  const pairs = bins.chain((reference) =>
    fc.record({
      reference: fc.constant(reference),
      live: fc.array(fc.nat(10_000), { minLength: reference.length, maxLength: reference.length }),
    }),
  );

  it('are the same in both directions, not negative, and zero for the same counts', () => {
    fc.assert(
      fc.property(pairs, ({ reference, live }) => {
        for (const distance of [populationStabilityIndex, jensenShannonDistance]) {
          const there = distance({ reference, live });
          expect(there).toBeGreaterThanOrEqual(0);
          expect(distance({ reference: live, live: reference })).toBeCloseTo(there, 9);
          expect(distance({ reference, live: reference })).toBe(0);
        }
        expect(jensenShannonDistance({ reference, live })).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('look at no bin with hardly a value by itself, and lose no value by that', () => {
    fc.assert(
      fc.property(pairs, ({ reference, live }) => {
        const pooled = poolSparseBins(reference, live);
        const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);
        const [n, m] = [sum(reference), sum(live)];
        expect([sum(pooled.reference), sum(pooled.live)]).toEqual([n, m]);
        if (pooled.live.length < 2) return;
        for (const [bin, count] of pooled.live.entries()) {
          const share = (count + (pooled.reference[bin] ?? 0)) / (n + m);
          expect(share * Math.min(n, m)).toBeGreaterThanOrEqual(5 - 1e-9);
        }
      }),
    );
  });
});

describe('the noise of the PSI', () => {
  it('without drift has the mean (bins - 1)(1/n + 1/N), and exceeds its limit as often as stated', () => {
    const random = new Random(7);
    const [bins, rows, reference, draws] = [10, 1000, 2000, 600];
    const draw = (size: number) => {
      const counts = new Array<number>(bins).fill(0);
      for (let row = 0; row < size; row++) {
        const bin = Math.floor(random.uniform() * bins);
        counts[bin] = (counts[bin] ?? 0) + 1;
      }
      return counts;
    };
    const values = Array.from({ length: draws }, () =>
      populationStabilityIndex({ reference: draw(reference), live: draw(rows) }),
    );
    const mean = values.reduce((sum, value) => sum + value, 0) / draws;
    expect(mean / ((bins - 1) * (1 / rows + 1 / reference))).toBeCloseTo(1, 1);
    const limit = noiseOfPsi({ reference, live: rows, bins }, 0.05);
    const beyond = values.filter((value) => value > limit).length / draws;
    // Three standard deviations of a share of 600.
    expect(Math.abs(beyond - 0.05)).toBeLessThan(0.027);
  });
});

describe('the bound on the chance of a share', () => {
  it('is never below the exact hypergeometric tail', () => {
    const logFactorials = [0];
    for (let n = 1; n <= 400; n++) logFactorials.push((logFactorials[n - 1] ?? 0) + Math.log(n));
    const choose = (n: number, k: number) =>
      k < 0 || k > n ? 0 : Math.exp((logFactorials[n] ?? 0) - (logFactorials[k] ?? 0) - (logFactorials[n - k] ?? 0));
    const side = fc.integer({ min: 1, max: 60 }).chain((of) => fc.record({ of: fc.constant(of), hits: fc.nat(of) }));
    fc.assert(
      fc.property(side, side, (reference, live) => {
        const hits = reference.hits + live.hits;
        let tail = 0;
        for (let k = live.hits; k <= Math.min(hits, live.of); k++) {
          tail += choose(live.of, k) * choose(reference.of, hits - k);
        }
        tail /= choose(reference.of + live.of, hits);
        expect(chanceOfShare(reference, live)).toBeGreaterThanOrEqual(tail * (1 - 1e-9));
      }),
    );
  });
});
