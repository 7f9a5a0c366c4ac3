// What one caller can do to the judgement of everybody's values, on seeded windows at the default thresholds.
import { describe, expect, it } from 'vitest';
import { Random } from '../../../../scripts/random.ts';
import type { Sender } from '../../../../worker/telemetry/drift/caller-bucket.ts';
import { CountingPlan } from '../../../../worker/telemetry/drift/counting-plan.ts';
import { judge, minimumRows, type Verdict } from '../../../../worker/telemetry/drift/judge.ts';
import { defaultThresholds } from '../../../../worker/telemetry/drift/settings.ts';
import { baselineOf, drawTable, manifestWith, tableSignature, tensorOf } from './baselines.ts';

const windows = 40;
const honestRows = 1000;
const callers = Array.from({ length: 20 }, (_, index): Sender => ({ id: `key:${index}`, known: true }));
const addresses = callers.map((_, index): Sender => ({ id: `192.0.2.${index}`, known: false }));
const attacker: Sender = { id: '198.51.100.7', known: false };

/** Baselines of 5,000 rows each. */
const worlds = Array.from({ length: 10 }, (_, index) => {
  const baseline = baselineOf(tableSignature, drawTable(new Random(1000 + index), 5000), 5000);
  return new CountingPlan(manifestWith(tableSignature, baseline), baseline);
});

type Table = ReturnType<typeof drawTable>;

/** Sends rows as a caller would; judged by `verdict`. */
class Window {
  readonly #random: Random;
  readonly #plan: CountingPlan;

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#plan = worlds[seed % worlds.length] as CountingPlan;
    this.#plan.take();
  }

  get layout() {
    return this.#plan.layout;
  }

  send(sender: Sender, rows: number, shift = 0, spoil: (table: Table, random: Random) => void = () => {}): this {
    const table = drawTable(this.#random, rows, shift);
    spoil(table, this.#random);
    const { features, type, score } = table;
    this.#plan.count(
      sender,
      [tensorOf('features', 'FP64', [rows, 5], features.elements), tensorOf('type', 'BYTES', [rows, 1], type.elements)],
      [tensorOf('score', 'FP64', [rows, 1], score.elements)],
    );
    return this;
  }

  /** @param senders send `honestRows` together */
  sendAll(senders: readonly Sender[], shift = 0): this {
    for (const sender of senders) this.send(sender, Math.round(honestRows / senders.length), shift);
    return this;
  }

  verdict(): Verdict {
    return judge(this.layout, this.#plan.take(), defaultThresholds, 3);
  }
}

/** The values that are furthest from the baseline, statistic by statistic. */
const worst: Readonly<Record<string, (table: Table, random: Random) => void>> = {
  'outside of every range': ({ features, type }) => {
    (features.elements as Float64Array).fill(1e9);
    (type.elements as string[]).fill('new');
  },
  'all missing': ({ features, type }) => {
    (features.elements as Float64Array).fill(Number.NaN);
    (type.elements as string[]).fill('');
  },
  'all in one rare bin': ({ features, type }) => {
    (features.elements as Float64Array).fill(3);
    (type.elements as string[]).fill('X');
  },
  'a little of each': ({ features, type }, random) => {
    const elements = features.elements as Float64Array;
    elements.set(elements.map((value) => (random.chance(0.5) ? (random.chance(0.5) ? Number.NaN : 1e9) : value)));
    (type.elements as string[]).fill('X');
  },
};

const pastOf = ({ features }: Verdict) => features.filter(({ past }) => past.length > 0).map(({ feature }) => feature);

/** How many of the windows have anything past a threshold; all must have been judged. */
function countPast(fill: (window: Window, seed: number) => Window): number {
  let past = 0;
  for (let seed = 0; seed < windows; seed++) {
    const verdict = fill(new Window(seed), seed).verdict();
    expect(verdict.judged).toBe(true);
    if (pastOf(verdict).length > 0) past++;
  }
  return past;
}

describe('one caller who sends the worst values', () => {
  const cases = Object.keys(worst).flatMap((kind) =>
    [0.5, 0.9].flatMap((share) => ['keys', 'addresses'].map((who) => [share, kind, who] as const)),
  );
  it.each(cases)('and %s of all rows, %s, beside 20 honest %s, puts nothing past a threshold', (share, kind, who) => {
    const rows = Math.round((honestRows * share) / (1 - share));
    const honest = who === 'keys' ? callers : addresses;
    const poisoned = countPast((window) => window.sendAll(honest).send(attacker, rows, 0, worst[kind]));
    expect(poisoned).toBe(0);
  });

  it('shows as what the others sent: no limit of a rollout sees it either', () => {
    for (let seed = 0; seed < windows; seed++) {
      const window = new Window(seed).sendAll(callers).send(attacker, 9000, 0, worst['all in one rare bin']);
      const { features } = window.verdict();
      expect(features.filter(({ psi, psiNoise }) => psi > psiNoise)).toEqual([]);
      expect(Math.max(...features.map(({ missing, missingReference }) => missing - missingReference))).toBeLessThan(
        0.2,
      );
    }
  });

  it('and all rows is the traffic, which is judged as it is', () => {
    expect(countPast((window) => window.send(attacker, honestRows, 0.5))).toBe(windows);
  });
});

describe('a shift of half a standard deviation', () => {
  it.each([
    ['keys', callers],
    ['addresses', addresses],
  ])('of all 20 %s is past its threshold', (_, senders) => {
    expect(countPast((window) => window.sendAll(senders, 0.5))).toBeGreaterThanOrEqual(windows - 1);
  });

  it('is not hidden by one caller with nine times as many usual rows', () => {
    expect(countPast((window) => window.sendAll(callers, 0.75).send(attacker, 9000))).toBe(windows);
  });

  it('of one caller of twenty, or of one of two, is not past a threshold, however far it goes', () => {
    const [one = attacker, ...others] = callers;
    expect(countPast((window) => window.sendAll(others).send(one, 50, 3))).toBe(0);
    expect(countPast((window) => window.send(one, 1000, 3).send(addresses[0] ?? attacker, 1000))).toBe(0);
  });
});

describe('anonymous callers', () => {
  it('are one caller together as soon as known callers have enough rows', () => {
    const all = countPast((window) => {
      for (const address of addresses) window.send(address, 200, 0, worst['all missing']);
      return window.sendAll(callers);
    });
    expect(all).toBe(0);
  });

  it('are judged by themselves where known callers have few rows', () => {
    expect(countPast((window) => window.sendAll(addresses, 0.75).sendAll(callers.slice(0, 1)))).toBe(0);
    const window = new Window(1);
    expect(minimumRows(window.layout, defaultThresholds, 3)).toBeGreaterThan(100);
    expect(
      pastOf(
        window
          .sendAll(addresses, 0.75)
          .send(callers[0] as Sender, 100)
          .verdict(),
      ),
    ).toContain('features[0]');
  });
});
