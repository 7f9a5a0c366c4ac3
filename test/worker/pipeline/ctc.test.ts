// Text by CTC against texts that were written out as classes over time.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readText } from '../../../worker/pipeline/ctc.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';

const labels = ['a', 'b', 'ñ', '語', '👍🏽', ' '];
const classes = labels.length + 1;

function output(values: readonly number[], rows: number): Tensor {
  return {
    name: 'shares',
    datatype: 'FP32',
    shape: [rows, values.length / rows / classes, classes],
    data: new Uint8Array(Float32Array.from(values).buffer),
  };
}

/** Shares of one step: `share` for its class, the rest evenly for the others. */
function step(index: number, share: number): number[] {
  return Array.from({ length: classes }, (_, each) => (each === index ? share : (1 - share) / (classes - 1)));
}

const writing = fc.array(
  fc.record({
    label: fc.nat(labels.length - 1),
    steps: fc.integer({ min: 1, max: 3 }),
    blanks: fc.nat(2),
    share: fc.double({ min: 0.6, max: 0.99, noNaN: true }),
  }),
);

describe.each(['first', 'last'] as const)('with the blank %s', (blank) => {
  const blankAt = blank === 'first' ? 0 : labels.length;
  const classOf = (label: number) => (blank === 'first' ? label + 1 : label);

  test.each(['none', 'softmax'] as const)('a text that was written out is read back, activation %s', (activation) => {
    fc.assert(
      fc.property(writing, (written) => {
        const shares = written.flatMap(({ label, steps, blanks, share }, index) => {
          // Two of a kind in a row need a blank between them.
          const gap = written[index + 1]?.label === label ? Math.max(1, blanks) : blanks;
          const own = Array.from({ length: steps }, (_, at) => step(classOf(label), at === 0 ? share : 0.95));
          return [...own, ...Array.from({ length: gap }, () => step(blankAt, 0.9))].flat();
        });
        const values = activation === 'none' ? shares : shares.map((share) => Math.log(share) + 3);
        const [answer] = readText(output(values, 1), { activation, labels, blank }, 1);
        const score = written.reduce((sum, { share }) => sum + share, 0) / written.length;
        expect(answer).toEqual([
          {
            generated_text: written.map(({ label }) => labels[label]).join(''),
            score: written.length === 0 ? 0 : expect.closeTo(score, 5),
          },
        ]);
      }),
    );
  });

  test('rows are read each by itself', () => {
    const values = [step(classOf(0), 0.9), step(classOf(0), 0.9), step(classOf(1), 0.7), step(classOf(0), 0.9)].flat();
    const answers = readText(output(values, 2), { activation: 'none', labels, blank }, 2);
    expect(answers.map(([answer]) => answer?.generated_text)).toEqual(['a', 'ba']);
  });
});

test('values that are no numbers write nothing', () => {
  const values = new Array<number>(2 * classes).fill(Number.NaN);
  expect(readText(output(values, 1), { activation: 'softmax', labels, blank: 'first' }, 1)).toEqual([
    [{ generated_text: '', score: 0 }],
  ]);
});

test.each([
  ['other classes', [1, 2, 5], 1],
  ['time before rows', [2, 1, classes], 1],
  ['no time', [1, classes], 1],
])('an output of %s is refused with what was expected', (_, shape, rows) => {
  const elements = shape.reduce((product, size) => product * size, 1);
  const tensor = { ...output([], 1), shape, data: new Uint8Array(elements * 4) };
  expect(() => readText(tensor, { activation: 'none', labels, blank: 'last' }, rows)).toThrow(
    /output 'shares' is \[.*\], expected \[1, steps, 7\]: a row for each picture, and 7 classes with the blank/,
  );
});
