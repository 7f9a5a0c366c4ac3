// The answer to records: `probability` is that of the label, or it is not there.
import { describe, expect, it } from 'vitest';
import type { OutputRole } from '../../../registry/output-role.ts';
import { type AnsweringModel, encodePredictions } from '../../../worker/protocol/encode-predictions.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';

function floats(name: string, shape: number[], values: number[]): Tensor {
  return { name, datatype: 'FP32', shape, data: new Uint8Array(Float32Array.from(values).buffer) };
}

function integers(name: string, shape: number[], values: number[]): Tensor {
  return { name, datatype: 'INT64', shape, data: new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer) };
}

function texts(name: string, values: string[]): Tensor {
  return {
    name,
    datatype: 'BYTES',
    shape: [values.length],
    data: values.map((value) => new TextEncoder().encode(value)),
  };
}

/** Outputs whose axis 0 counts records. */
function answer(outputs: Tensor[], more: Partial<AnsweringModel> = {}): Record<string, unknown>[] {
  const count = outputs[0]?.shape[0] ?? 1;
  const specs = outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape: [-1, ...shape.slice(1)] }));
  const signature = { inputs: [{ name: 'x', datatype: 'FP32' as const, shape: [-1] }], outputs: specs };
  const { body } = encodePredictions({ model: 'm', version: '1', signature, ...more }, { count, outputs });
  return JSON.parse(String(body)).predictions;
}

const scores = floats('p', [2, 2], [0.75, 0.25, 0.5, 0.5]);
const head = (says?: OutputRole['says']): OutputRole[] => [
  { output: 'label', role: 'label', head: 0, ...(says === undefined ? {} : { says }) },
  { output: 'p', role: 'number', head: 0, isShare: true },
];

describe('the probability of a record', () => {
  it('is that of the label, which need not be the largest', () => {
    const [first, second] = answer([texts('label', ['pos', 'neg']), scores], {
      roles: head({ p: ['neg', 'pos'] }),
      labels: { p: ['neg', 'pos'] },
    });
    expect(first).toEqual({ label: 'pos', probability: 0.25, probabilities: { neg: 0.75, pos: 0.25 } });
    expect(second).toEqual({ label: 'neg', probability: 0.5, probabilities: { neg: 0.5, pos: 0.5 } });
  });

  it('is not there where nobody knows which column the label means', () => {
    const [first] = answer([texts('label', ['pos', 'neg']), scores], { roles: head() });
    expect(first).toEqual({ label: 'pos', probabilities: { 0: 0.75, 1: 0.25 } });
    const [number] = answer([integers('label', [2], [1, 0]), scores], { roles: head() });
    expect(number).toEqual({ label: 1, probabilities: { 0: 0.75, 1: 0.25 } });
    const [rejected] = answer([texts('label', ['?', 'neg']), scores], {
      roles: head({ p: ['neg', 'pos'] }),
      labels: { p: ['neg', 'pos'] },
    });
    expect(rejected).toEqual({ label: '?', probabilities: { neg: 0.75, pos: 0.25 } });
  });

  it('is found by what the label says, while the class has the name that it was given', () => {
    const given = { roles: head({ p: [7, 3] }), labels: { p: ['fine', 'bad'] } };
    expect(answer([integers('label', [2], [3, 7]), scores], given)).toEqual([
      { label: 'bad', probability: 0.25, probabilities: { fine: 0.75, bad: 0.25 } },
      { label: 'fine', probability: 0.5, probabilities: { fine: 0.5, bad: 0.5 } },
    ]);
    const numbers = { roles: head({ p: 'column' }) };
    expect(answer([integers('label', [2], [1, 5]), scores], numbers)).toEqual([
      { label: 1, probability: 0.25, probabilities: { 0: 0.75, 1: 0.25 } },
      { label: 5, probabilities: { 0: 0.5, 1: 0.5 } },
    ]);
  });

  it('is the largest one of a model that says no label, and only where its classes have names', () => {
    const roles: OutputRole[] = [{ output: 'p', role: 'number', head: 0, isShare: true }];
    const [first] = answer([scores], { roles, labels: { p: ['a', 'b'] } });
    expect(first).toEqual({ label: 'a', probability: 0.75, probabilities: { a: 0.75, b: 0.25 } });
    expect(answer([scores], { roles })).toEqual([{ p: [0.75, 0.25] }, { p: [0.5, 0.5] }]);
  });
});

describe('two labels of one prediction', () => {
  it('stand for themselves, beside the scores', () => {
    const roles: OutputRole[] = [
      { output: 'id', role: 'label', head: 0, says: { p: 'column' } },
      { output: 'name', role: 'label', head: 0, says: { p: ['neg', 'pos'] } },
      { output: 'p', role: 'number', head: 0 },
    ];
    const outputs = [integers('id', [2], [1, 0]), texts('name', ['pos', 'neg']), scores];
    const [first] = answer(outputs, { roles, labels: { p: ['neg', 'pos'] } });
    expect(first).toEqual({ id: 1, name: 'pos', p: [0.75, 0.25] });
  });

  it('and names for another number of columns name none', () => {
    const labels = { p: ['a', 'b', 'c'] };
    expect(answer([scores], { roles: [{ output: 'p', role: 'number', head: 0 }], labels })[0]).toEqual({
      p: [0.75, 0.25],
    });
  });
});

describe('outputs beside the label', () => {
  it('are answered by their names: an input handed through is no label', () => {
    const roles: OutputRole[] = [{ output: 'id', role: 'input' }, ...head({ p: ['neg', 'pos'] })];
    const outputs = [integers('id', [2], [70, 71]), texts('label', ['pos', 'neg']), scores];
    expect(answer(outputs, { roles, labels: { p: ['neg', 'pos'] } })[0]).toEqual({
      label: 'pos',
      probability: 0.25,
      probabilities: { neg: 0.75, pos: 0.25 },
      id: 70,
    });
  });

  it('and all of them are, of a model that tells several kinds of classes apart', () => {
    const roles: OutputRole[] = [
      ...head({ p: 'column' }),
      { output: 'kind', role: 'label', head: 1, says: { q: 'column' } },
      { output: 'q', role: 'number', head: 1 },
    ];
    const outputs = [
      integers('label', [2], [0, 0]),
      scores,
      integers('kind', [2], [1, 1]),
      floats('q', [2, 2], [0, 1, 0, 1]),
    ];
    expect(answer(outputs, { roles })[0]).toEqual({ label: 0, p: [0.75, 0.25], kind: 1, q: [0, 1] });
  });
});

describe('a version whose graph is not known', () => {
  it('has a label where one output alone could be it, and a probability where its name is given', () => {
    const scores = floats('probabilities', [2, 2], [0.75, 0.25, 0.5, 0.5]);
    const labels = { probabilities: ['neg', 'pos'] };
    expect(answer([texts('label', ['pos', 'neg']), scores], { labels })[0]).toMatchObject({
      label: 'pos',
      probability: 0.25,
    });
    expect(answer([integers('label', [2], [1, 0]), scores])[0]).toEqual({
      label: 1,
      probabilities: { 0: 0.75, 1: 0.25 },
    });
    const two = [integers('row', [2], [1, 0]), integers('label', [2], [1, 0]), scores];
    expect(answer(two)[0]).toEqual({ row: 1, label: 1, probabilities: [0.75, 0.25] });
    const ids = [integers('row', [2], [1, 0]), integers('lot', [2], [1, 0]), scores];
    expect(answer(ids, { labels })[0]).toMatchObject({ row: 1, lot: 1, label: 'neg', probability: 0.75 });
  });

  it('has no two fields of one name', () => {
    const two = [integers('row', [2], [1, 0]), integers('label', [2], [1, 0]), scores];
    expect(answer(two, { labels: { p: ['neg', 'pos'] } })[0]).toEqual({ row: 1, label: 1, p: [0.75, 0.25] });
  });
});

describe('the fields of a record', () => {
  const roles: OutputRole[] = [
    { output: 'label', role: 'label', head: 0, says: { p: ['neg', 'pos'] } },
    { output: 'p', role: 'number', head: 0, isShare: true },
  ];
  const labels = { p: ['died', 'survived'] };

  it.each([
    ['a sum that rounding moved away from 1', [0.5, 0.5020004]],
    ['a share above 1 by rounding', [-4e-7, 1.0000004]],
    ['no number', [Number.NaN, Number.NaN]],
  ])('do not depend on those of others: %s', (_, odd) => {
    const [alone] = answer([texts('label', ['pos']), floats('p', [1, 2], [0.25, 0.75])], { roles, labels });
    const [first, second] = answer([texts('label', ['pos', 'pos']), floats('p', [2, 2], [0.25, 0.75, ...odd])], {
      ...{ roles, labels },
    });
    expect(first).toEqual(alone);
    expect(first).toEqual({ label: 'survived', probability: 0.75, probabilities: { died: 0.25, survived: 0.75 } });
    expect(Object.keys(second ?? {})).toEqual(Object.keys(first ?? {}));
  });

  it('have no label where the scores are not numbers', () => {
    const nothing = { label: null, probability: null, probabilities: { died: null, survived: null } };
    const rows = floats('p', [2, 2], [Number.NaN, Number.NaN, 0.25, 0.75]);
    expect(answer([texts('label', ['neg', 'pos']), rows], { roles, labels })[0]).toEqual(nothing);
    const shares: OutputRole[] = [{ output: 'p', role: 'number', head: 0, isShare: true }];
    expect(answer([rows], { roles: shares, labels })[0]).toEqual(nothing);
    const half = floats('p', [1, 2], [Number.NaN, 0.75]);
    expect(answer([half], { roles: shares, labels })[0]).toMatchObject({ label: null, probability: null });
  });

  it('are scores where neither the graph nor the name says more, although a row adds up to 1', () => {
    const named = { labels: { logits: ['a', 'b'] } };
    expect(answer([floats('logits', [1, 2], [0.25, 0.75])], named)).toEqual([
      { label: 'b', score: 0.75, scores: { a: 0.25, b: 0.75 } },
    ]);
  });
});
