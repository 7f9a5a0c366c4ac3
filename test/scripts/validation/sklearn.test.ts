// The figures of the release gate against scikit-learn's, on random data sets of all kinds that a seed fixes.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../scripts/random.ts';
import { intervalsOf } from '../../../scripts/validation/intervals.ts';
import { figuresOf } from '../../../scripts/validation/score.ts';
import type { Classification, Predictions, Regression } from '../../../scripts/validation/task.ts';

const script = fileURLToPath(new URL('sklearn_figures.py', import.meta.url));
/** Debian's own Python has Debian's python3-sklearn, whatever `python3` is. */
const python = ['python3', '/usr/bin/python3'].find(
  (command) => spawnSync(command, ['-c', 'import sklearn'], { stdio: 'ignore' }).status === 0,
);
const random = new Random(20_261_124);

function whole(from: number, to: number): number {
  return from + Math.floor(random.uniform() * (to - from + 1));
}

function choose<T>(choices: readonly [T, ...T[]]): T {
  return choices[whole(0, choices.length - 1)] ?? choices[0];
}

/** Names in any order: sorted or not, numbers as text, beyond ASCII, with numbers that no float tells apart. */
function classNames(count: number): string[] {
  const names = choose([
    Array.from({ length: count }, (_, index) => String(index)),
    Array.from({ length: count }, (_, index) => String(count - index)),
    Array.from({ length: count }, (_, index) => `class ${(index * 7) % 13} of ${index}`),
    Array.from({ length: count }, (_, index) => `${9007199254740992n + BigInt(index)}`),
    ['straße', 'São Paulo', 'a,b', '"', 'Z', 'z', '0x10', 'NaN', 'true', 'no', 'yes', 'maybe'].slice(0, count),
  ]);
  return names
    .map((name) => ({ name, key: random.uniform() }))
    .sort((a, b) => a.key - b.key)
    .map(({ name }) => name);
}

/** Shares of a row; tied with others where they are rounded. */
function sharesOf(count: number, truly: number, sharpness: number, isTied: boolean): number[] {
  const raw = Array.from({ length: count }, (_, index) => {
    const score = Math.exp(random.normal(index === truly ? sharpness : 0, 1));
    return isTied ? Math.max(1, Math.round(score)) : score;
  });
  const sum = raw.reduce((left, right) => left + right, 0);
  return raw.map((score) => score / sum);
}

function classified(): Classification {
  const count = whole(2, choose([2, 2, 4, 12]));
  const classes = classNames(count);
  const rows = whole(1, 60);
  const occurring = random.chance(0.3) ? whole(1, count) : count;
  const truth = Array.from({ length: rows }, () => whole(0, occurring - 1));
  const [sharpness, isTied] = [choose([0, 1, 3, 30]), random.chance(0.4)];
  const scores = truth.map((truly) => sharesOf(count, truly, sharpness, isTied));
  // A label that a threshold, votes or a rare class decides: it never says some of the classes.
  const said = choose(['largest', 'random', 'one', 'right']);
  const predicted = scores.map((row, index) => {
    if (said === 'random') return whole(0, count - 1);
    if (said === 'one') return 0;
    return said === 'right' ? (truth[index] ?? 0) : row.indexOf(row.reduce((a, b) => Math.max(a, b), 0));
  });
  const isBinary = count === 2;
  return {
    task: isBinary ? 'binary' : 'multiclass',
    outputs: {},
    classes,
    order: 'graph',
    positive: isBinary ? whole(0, 1) : null,
    truth,
    predicted,
    scores: random.chance(0.15) ? null : scores,
    unscored: null,
  };
}

function regressed(): Regression {
  const rows = whole(1, 60);
  // Powers of two: scikit-learn takes the rounding of the mean of equal values for a variance.
  const scale = choose([2 ** -20, 1, 2 ** 20]);
  const truth = Array.from({ length: rows }, () => (random.chance(0.2) ? 0 : random.normal(5, 3) * scale));
  const noise = choose([0, 0.1, 10]);
  const constant = random.chance(0.1);
  return {
    task: 'regression',
    outputs: { value: 'y' },
    truth: constant ? truth.map(() => scale) : truth,
    predicted: truth.map((value) => (constant ? scale : value) + random.normal(0, noise) * scale),
  };
}

const dataSets: Predictions[] = Array.from({ length: 300 }, (_, index) =>
  index % 4 === 3 ? regressed() : classified(),
);

function asJson(predictions: Predictions): string {
  if (predictions.task === 'regression') return JSON.stringify(predictions);
  const { classes, positive } = predictions;
  const nameOf = (index: number) => classes[index];
  return JSON.stringify({
    ...predictions,
    truth: predictions.truth.map(nameOf),
    predicted: predictions.predicted.map(nameOf),
    positive: positive === null ? null : nameOf(positive),
  });
}

describe('the figures of 300 random data sets', () => {
  it.skipIf(python === undefined)(
    `are those of scikit-learn to 1e-9${python === undefined ? ' (skipped: no python3 here has scikit-learn; Debian calls it python3-sklearn)' : ''}`,
    { timeout: 120_000 },
    () => {
      const { stdout, stderr, status } = spawnSync(python ?? '', [script], {
        input: dataSets.map((each) => `${asJson(each)}\n`).join(''),
        encoding: 'utf8',
        maxBuffer: 2 ** 26,
      });
      expect(status, stderr).toBe(0);
      const expected = stdout
        .trim()
        .split('\n')
        .map((line): Record<string, number> => JSON.parse(line));
      expect(expected).toHaveLength(dataSets.length);
      const compared = new Map<string, number>();
      for (const [index, predictions] of dataSets.entries()) {
        const { figures } = figuresOf(predictions);
        const where = `data set ${index}: ${asJson(predictions)}`;
        expect(Object.keys(figures).sort(), where).toEqual(Object.keys(expected[index] ?? {}).sort());
        for (const [name, value] of Object.entries(figures)) {
          const other = expected[index]?.[name] ?? Number.NaN;
          const scale = Math.max(1, Math.abs(other));
          expect(Math.abs(value - other) / scale, `${name} is ${value}, not ${other}, of ${where}`).toBeLessThan(1e-9);
          compared.set(name, (compared.get(name) ?? 0) + 1);
        }
      }
      // Each figure was met often enough to mean something.
      for (const [name, count] of compared) expect(count, name).toBeGreaterThan(20);
      expect(compared.size).toBe(18);
    },
  );

  it('lie within their intervals, which are the same at every try', () => {
    for (const predictions of dataSets.slice(0, 60)) {
      const { figures } = figuresOf(predictions);
      const intervals = intervalsOf(predictions, figures);
      expect(intervalsOf(predictions, figures)).toEqual(intervals);
      for (const [name, [low, high]] of Object.entries(intervals)) {
        expect(low).toBeLessThanOrEqual(Number((figures[name] ?? 0).toPrecision(6)) + 1e-9);
        expect(high).toBeGreaterThanOrEqual(Number((figures[name] ?? 0).toPrecision(6)) - 1e-9);
      }
    }
  });
});
