import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../scripts/validation/answers.ts';
import { disagreement } from '../../../scripts/validation/native-agreement.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';

const tolerance = { absolute: 1e-3, relative: 0 };

function scores(values: readonly number[]): Tensor {
  const data = new Uint8Array(Float32Array.from(values).buffer);
  return { name: 'score', datatype: 'FP32', shape: [values.length, 1], data };
}

function labels(values: readonly string[]): Tensor {
  return {
    name: 'label',
    datatype: 'BYTES',
    shape: [values.length],
    data: values.map((text) => new TextEncoder().encode(text)),
  };
}

function answers(...outputs: Tensor[]): Answer[] {
  return [{ from: 0, to: outputs[0]?.shape[0] ?? 0, outputs }];
}

/** A thousand rows, the first `wrong` of which have another label. */
function thousand(wrong: number): Tensor {
  return labels(Array.from({ length: 1000 }, (_, row) => (row < wrong ? 'bad' : 'good')));
}

describe('agreement with native onnxruntime', () => {
  it('is within the tolerance', () => {
    expect(disagreement(answers(scores([0.5, 0.25])), answers(scores([0.5004, 0.25])), tolerance)).toBeNull();
    expect(disagreement(answers(scores([0.5, 0.25])), answers(scores([0.502, 0.25])), tolerance)).toMatch(
      /^rows 1 to 2: output 'score' differs at 1 of 2 elements/,
    );
  });

  it('has the same labels, but for one in a thousand whose score is a tie', () => {
    const even = scores(new Array<number>(1000).fill(0.5));
    expect(disagreement(answers(thousand(1), even), answers(thousand(0), even), tolerance)).toBeNull();
    expect(disagreement(answers(thousand(2), even), answers(thousand(0), even), tolerance)).toBe(
      'other labels in 2 of 1000 rows',
    );
    expect(disagreement(answers(thousand(1)), answers(thousand(0)), tolerance)).toBe('other labels in 1 of 1000 rows');
  });

  it('is missing where an output is', () => {
    expect(disagreement(answers(labels(['a'])), answers(labels(['a']), scores([1])), tolerance)).toContain(
      'is missing',
    );
  });
});
