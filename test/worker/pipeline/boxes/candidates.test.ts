// The best boxes of a picture, however many there are.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from '../../../../scripts/random.ts';
import { Candidates } from '../../../../worker/pipeline/boxes/candidates.ts';

/** The highest scores, and of equal ones those that came first. */
function best(scores: readonly number[], threshold: number) {
  return scores
    .map((score, place) => ({ score, place, label: place % 3 }))
    .filter(({ score }) => score >= threshold)
    .sort((a, b) => b.score - a.score || a.place - b.place);
}

function collect(scores: readonly number[], threshold: number) {
  const found = new Candidates(threshold);
  scores.forEach((score, place) => {
    found.add(score, place, place % 3);
  });
  return [...found.best()];
}

test('are in the order of their scores', () => {
  const score = fc.constantFrom(0, 0.1, 0.25, 0.5, 0.7, 1, Number.NaN);
  fc.assert(
    fc.property(fc.array(score, { maxLength: 40 }), fc.constantFrom(0, 0.25, 0.6), (scores, threshold) => {
      expect(collect(scores, threshold)).toEqual(best(scores, threshold));
    }),
  );
});

test.each([
  ['in any order', (_: number, random: Random) => random.uniform()],
  ['each above the last', (place: number) => place / 50_000],
  ['a few that many share', (_: number, random: Random) => Math.floor(random.uniform() * 4) / 4],
])('of 50,000 the best are there: %s', (_, draw) => {
  const random = new Random(3);
  const scores = Array.from({ length: 50_000 }, (__, place) => draw(place, random));
  expect(collect(scores, 0).slice(0, 4000)).toEqual(best(scores, 0).slice(0, 4000));
});
