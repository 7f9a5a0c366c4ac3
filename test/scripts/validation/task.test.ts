// Outputs, truth and options put together, without a runtime: which predictions they make, and what is asked for.
import { describe, expect, it } from 'vitest';
import type { OutputRole } from '../../../registry/output-role.ts';
import type { TensorSpec } from '../../../registry/signature.ts';
import type { Answer } from '../../../scripts/validation/answers.ts';
import { ClassNames, plainLabel, seenClasses } from '../../../scripts/validation/class-names.ts';
import { type JudgedModel, judgedOutputs, type TaskOptions } from '../../../scripts/validation/judged-outputs.ts';
import { checkTruth, readPredictions } from '../../../scripts/validation/task.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';

type Values = readonly (string | number)[];

/** An output of as many rows as its values have for its width. */
function output(name: string, datatype: 'FP32' | 'INT64' | 'BYTES' | 'BOOL', values: Values, width?: number) {
  const shape = [values.length / (width ?? 1), ...(width === undefined ? [] : [width])];
  const spec: TensorSpec = { name, datatype, shape: [-1, ...shape.slice(1)] };
  const data = {
    FP32: () => new Uint8Array(Float32Array.from(values, Number).buffer),
    INT64: () => new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
    BOOL: () => Uint8Array.from(values, Number),
    BYTES: () => values.map((value) => new TextEncoder().encode(String(value))),
  }[datatype]();
  const tensor: Tensor = { name, datatype, shape, data };
  return { spec, tensor };
}

type Made = ReturnType<typeof output>;

function modelOf(outputs: readonly Made[], more: Partial<JudgedModel> = {}): JudgedModel {
  return { signature: { inputs: [], outputs: outputs.map(({ spec }) => spec) }, ...more };
}

function read(outputs: readonly Made[], truth: string[], more: Partial<JudgedModel> = {}, options: TaskOptions = {}) {
  const answers: Answer[] = [{ from: 0, to: truth.length, outputs: outputs.map(({ tensor }) => tensor) }];
  return readPredictions(answers, truth, modelOf(outputs, more), options);
}

const number = (name: string, more: Partial<OutputRole> = {}): OutputRole => ({
  output: name,
  role: 'number',
  head: 0,
  ...more,
});
const label = (more: Partial<OutputRole> = {}): OutputRole => ({ output: 'label', role: 'label', head: 0, ...more });

describe('the name of a class', () => {
  it.each([
    ['1.0', '1'],
    ['+7', '7'],
    ['007', '7'],
    ['-0.50', '-0.5'],
    ['9007199254740993', '9007199254740993'],
    [' True', 'true'],
    ['1e3', '1000'],
    ['Infinity', 'Infinity'],
    ['v1', 'v1'],
    ['', ''],
  ])('%j is %j', (text, plain) => {
    expect(plainLabel(text)).toBe(plain);
  });

  it('is found as it is written, then as it is meant, then by its number', () => {
    const find = (names: string[], text: string) => new ClassNames(names).indexOf(text);
    expect([find(['01', '1'], '1'), find(['01', '1'], '01'), find(['01', '1'], '1.0')]).toEqual([1, 0, -1]);
    expect([find(['no', 'yes'], '1'), find(['no', 'yes'], '2'), find(['no', '7'], '1')]).toEqual([1, -1, -1]);
    expect([find(['0', '1'], 'True'), find(['false', 'true'], '0'), find(['2', '3'], 'true')]).toEqual([1, 0, -1]);
    expect([find(['9007199254740992', '9007199254740993'], '9007199254740993'), find(['a', 'a'], 'a')]).toEqual([1, 1]);
    expect(find(['no', 'yes'], 'constructor')).toBe(-1);
  });

  it('is seen in what is said and what is true, numbers first', () => {
    expect(seenClasses(['b', '10', '9'], ['a', '9.0', 'True', '1'])).toEqual(['1', '9', '10', 'a', 'b', 'true']);
    expect(seenClasses([], ['x', '-1', '-2', '!'])).toEqual(['-2', '-1', '!', 'x']);
  });
});

describe('predictions', () => {
  const scores = output('p', 'FP32', [0.9, 0.1, 0.4, 0.6, 0.3, 0.7], 2);

  it('are the largest score where there is no label, the first of those that are tied', () => {
    expect(read([scores], ['0', '1', '0'], { roles: [number('p')] })).toMatchObject({
      task: 'binary',
      classes: ['0', '1'],
      order: 'column',
      truth: [0, 1, 0],
      predicted: [0, 1, 1],
    });
    const tied = output('p', 'FP32', [0.5, 0.5], 2);
    expect(read([tied], ['0'])).toMatchObject({ predicted: [0] });
  });

  it('are what the label says, in the columns of the scores', () => {
    const said = output('label', 'INT64', [3, 3, 7]);
    const roles = [label({ says: { p: [7, 3] } }), number('p')];
    expect(read([said, scores], ['3', '7', '7'], { roles })).toMatchObject({
      classes: ['7', '3'],
      order: 'graph',
      truth: [1, 0, 0],
      predicted: [1, 1, 0],
      outputs: { label: 'label', scores: 'p' },
    });
    expect(read([said, scores], ['3', '7', '7'], { roles, labels: { p: [7, 3] } })).toMatchObject({ order: 'graph' });
    expect(read([said, scores], ['b', 'a', 'a'], { roles, labels: { p: ['a', 'b'] } })).toMatchObject({
      classes: ['a', 'b'],
      order: 'labels',
      predicted: [1, 1, 0],
    });
  });

  it('have no scores where it is not known which column is which', () => {
    const said = output('label', 'BYTES', ['x', 'y', 'y']);
    const predictions = read([said, scores], ['x', 'x', 'y'], { roles: [label(), number('p')] });
    expect(predictions).toMatchObject({ classes: ['x', 'y'], order: null, scores: null, predicted: [0, 1, 1] });
    expect(predictions).toMatchObject({
      unscored: expect.stringContaining('--labels p=FILE'),
      outputs: { label: 'label' },
    });
    expect(predictions).not.toHaveProperty('outputs.scores');
  });

  it('are of one probability those of the named class', () => {
    const one = output('p', 'FP32', [0.2, 0.8], 1);
    const roles = [number('p', { isShare: true })];
    expect(read([one], ['ok', 'bad'], { roles }, { positive: 'bad' })).toMatchObject({
      classes: ['ok', 'bad'],
      order: 'positive',
      positive: 1,
      predicted: [0, 1],
    });
    expect(read([one], ['bad', 'bad'], { roles }, { positive: 'bad' })).toMatchObject({ classes: ['not bad', 'bad'] });
    expect(() => read([one], ['a', 'b'], { roles }, { positive: 'bad' })).toThrow(
      "expected two classes, 'bad' and another one, the truth has a, b",
    );
    const known = [number('p', { columns: ['bad', 'ok'] })];
    expect(read([one], ['ok', 'bad'], { roles: known })).toMatchObject({
      classes: ['bad', 'ok'],
      predicted: [0, 1],
      order: 'graph',
    });
    expect(read([one], ['0.5', '0.75'], { roles })).toMatchObject({ task: 'regression', truth: [0.5, 0.75] });
    const beside = read(
      [output('label', 'BYTES', ['bad', 'ok']), one],
      ['ok', 'bad'],
      { roles: [label(), ...roles] },
      { positive: 'ok' },
    );
    expect(beside).toMatchObject({ classes: ['bad', 'ok'], order: 'positive', positive: 1 });
  });

  it('may be none of the classes: two stay two, and what the label says more comes after them', () => {
    const roles = [label({ says: { p: ['no', 'yes'] } }), number('p')];
    expect(read([output('label', 'BYTES', ['no', '?', 'yes']), scores], ['no', 'yes', 'yes'], { roles })).toMatchObject(
      {
        task: 'binary',
        classes: ['no', 'yes', '?'],
        predicted: [0, 2, 1],
        positive: 1,
      },
    );
    const byNumber = [label({ says: { p: 'column' } }), number('p')];
    expect(read([output('label', 'INT64', [1, 5, -1]), scores], ['0', '1', '1'], { roles: byNumber })).toMatchObject({
      classes: ['0', '1', '-1', '5'],
      predicted: [1, 3, 2],
    });
  });

  it('have no order where the graph has other columns than the scores', () => {
    const roles = [label({ says: { p: ['a', 'b', 'c'] } }), number('p')];
    const predictions = read([output('label', 'BYTES', ['a', 'b', 'b']), scores], ['a', 'b', 'b'], { roles });
    expect(predictions).toMatchObject({ order: null, scores: null, classes: ['a', 'b'] });
    expect(() => read([scores], ['a', 'b', 'b'], { roles: [number('p', { columns: ['a', 'b', 'c'] })] })).toThrow(
      "which class each column of output 'p' belongs to",
    );
  });

  it('are classes of a label that the graph shows, and where a class is named', () => {
    const said = output('label', 'INT64', [1, 0]);
    expect(read([said], ['1', '0'], { roles: [label()] })).toMatchObject({ task: 'binary', predicted: [1, 0] });
    expect(() => read([said], ['1', '0'], { roles: [{ output: 'label', role: 'other' }] })).toThrow(
      "whether output 'label' is a class or a value",
    );
    expect(read([output('label', 'BOOL', [1, 0])], ['1', '0'])).toMatchObject({ predicted: [1, 0], truth: [1, 0] });
    expect(read([output('y', 'FP32', [0.2, 0.7], 1)], ['0', '1'], {}, { positive: '1' })).toMatchObject({
      task: 'binary',
    });
  });

  it('may be rounded beyond one where the graph makes probabilities, not else', () => {
    const over = output('p', 'FP32', [1.0000002, 0], 1);
    expect(read([over], ['1', '0'], { roles: [number('p', { isShare: true })] })).toMatchObject({ predicted: [1, 0] });
    expect(() => read([over], ['1', '0'], {}, { task: 'binary' })).toThrow(
      "output 'p' is no probability: row 1 has 1.00000",
    );
  });

  it('of truth values are true and false', () => {
    const said = output('label', 'BOOL', [1, 0, 1]);
    expect(read([said], ['True', '0', 'False'], {})).toMatchObject({
      classes: ['false', 'true'],
      truth: [1, 0, 0],
      predicted: [1, 0, 1],
    });
  });

  it('have a positive class, the second unless another one is named', () => {
    const roles = [number('p')];
    const labels = { p: ['a', 'b'] };
    expect(read([scores], ['a', 'b', 'a'], { roles, labels })).toMatchObject({ positive: 1 });
    expect(read([scores], ['a', 'b', 'a'], { roles, labels }, { positive: 'a' })).toMatchObject({
      positive: 0,
      order: 'labels',
    });
    expect(() => read([scores], ['a', 'b', 'a'], { roles, labels }, { positive: 'c' })).toThrow(
      "expected the positive class to be one of a, b, got 'c'",
    );
    expect(() => read([scores], ['a', 'b', 'a'], { labels }, { task: 'multiclass' })).toThrow(
      'expected a multiclass task (--task), the classes are a, b',
    );
  });

  it('of a regression are one number a row', () => {
    const value = output('y', 'FP32', [1, 2.5], 1);
    expect(read([value], ['1', '2'])).toEqual({
      task: 'regression',
      outputs: { value: 'y' },
      truth: [1, 2],
      predicted: [1, 2.5],
    });
    expect(() => read([scores], ['1', '2', '3'], {}, { task: 'regression', outputs: ['p'] })).toThrow(
      'expected one value a row',
    );
    expect(() => read([value], ['1', 'x'], {}, { task: 'regression' })).toThrow("got 'x'");
    expect(() => read([output('t', 'BYTES', ['a'])], ['1'], {}, { task: 'regression' })).toThrow(
      "expected numbers in output 't', it holds text",
    );
  });
});

describe('what can be told before a run', () => {
  const scores = output('p', 'FP32', [0.1, 0.9], 2);
  const check = (
    truth: string[],
    more: Partial<JudgedModel> = {},
    options: TaskOptions = {},
    made: Made[] = [scores],
  ) => checkTruth(truth, modelOf(made, more), options);

  it('is a class that the model does not know', () => {
    expect(() => check(['a', 'c'], { labels: { p: ['a', 'b'] } })).toThrow(
      "the model scores 2 classes (a, b), the test data has 'c' in the truth",
    );
    expect(() => check(['0', '2'])).toThrow("'2' in the truth");
    check(['a', 'b'], { labels: { p: ['a', 'b'] } });
    check(['anything'], {}, {}, [{ ...scores, spec: { ...scores.spec, shape: [-1, -1] } }]);
    check(['anything'], {}, {}, [output('label', 'BYTES', ['x'])]);
    check(['1.5'], {}, {}, [output('y', 'FP32', [1], 1)]);
  });
});

describe('the judged outputs', () => {
  const judge = (outputs: readonly Made[], roles: OutputRole[] | undefined, options: TaskOptions = {}) => {
    const judged = judgedOutputs(modelOf(outputs, roles === undefined ? {} : { roles }), options);
    return [judged.label?.name ?? null, judged.numbers?.name ?? null, judged.unscored === null];
  };
  const [l, p, q, y] = [
    output('label', 'INT64', [1]),
    output('p', 'FP32', [0, 1], 2),
    output('q', 'FP32', [0, 1], 2),
    output('y', 'FP32', [1], 1),
  ];
  const says = { p: [0, 1], q: [0, 1] };

  it('are of one head, with the scores that are probabilities', () => {
    const roles = [label({ says }), number('p'), number('q', { isShare: true })];
    expect(judge([l, p, q], roles)).toEqual(['label', 'q', true]);
    expect(judge([l, p, q], [label({ says }), number('p'), number('q')])).toEqual(['label', null, false]);
    expect(judge([l, p, q], [label({ says: { p: [0, 1] } }), number('p'), number('q', { isShare: true })])).toEqual([
      'label',
      'p',
      true,
    ]);
    expect(() => judge([p, q], [number('p'), number('q')])).toThrow('name it with --output');
    expect(judge([p, q], [number('p'), number('q', { isShare: true })])).toEqual([null, 'q', true]);
  });

  it('are asked for where one head has two labels, or two outputs of probabilities', () => {
    const named = output('name', 'BYTES', ['a']);
    const second: OutputRole = { output: 'name', role: 'label', head: 0, says: { p: ['a', 'b'] } };
    expect(() => judge([l, named, p], [label({ says }), second, number('p')])).toThrow('name it with --output');
    expect(judge([l, named, p], [label({ says }), second, number('p')], { outputs: ['name'] })).toEqual([
      'name',
      'p',
      true,
    ]);
    const shares = [number('p', { isShare: true }), number('q', { isShare: true })];
    expect(() => judge([p, q], shares)).toThrow('name it with --output');
    // Votes, say: the label belongs to the scores, and does not say which column is which.
    expect(judge([l, p], [label(), number('p')], { outputs: ['p'] })).toEqual([null, 'p', true]);
  });

  it('are none of those that predict nothing', () => {
    for (const role of ['input', 'constant', 'count', 'confidence'] as const) {
      expect(judge([l, p], [{ output: 'label', role }, number('p')])).toEqual([null, 'p', true]);
    }
    const other: OutputRole = { output: 'label', role: 'other' };
    expect(() => judge([l, p], [other, number('p')])).toThrow("'label' INT64 [-1], 'p' FP32 [-1,2]");
    const beside = output('id', 'INT64', [1]);
    expect(judge([beside, l, p], [{ output: 'id', role: 'other' }, label({ says }), number('p')])).toEqual([
      'label',
      'p',
      true,
    ]);
    expect(judge([l], [other])).toEqual(['label', null, true]);
    const boxes = { ...p, spec: { ...p.spec, name: 'boxes', shape: [-1, 100, 4] } };
    expect(() => judge([l, boxes], [other, number('boxes', { head: 1 })])).toThrow("'label' INT64 [-1]: name it");
    expect(() => judge([boxes, boxes], undefined)).toThrow('has no output with one value or one row of scores a row');
    const pooled = { ...p, spec: { ...p.spec, shape: [-1, 2, 1, 1] } };
    expect(judge([pooled], undefined)).toEqual([null, 'p', true]);
  });

  it('are those that are named, with what belongs to them', () => {
    const roles = [label({ says }), number('p'), number('q'), number('y', { head: 1 })];
    const all = [l, p, q, y];
    expect(() => judge(all, roles)).toThrow('name it with --output');
    expect(judge(all, roles, { outputs: ['p'] })).toEqual(['label', 'p', true]);
    expect(judge(all, roles, { outputs: ['label', 'q'] })).toEqual(['label', 'q', true]);
    expect(judge(all, roles, { outputs: ['q', 'label'] })).toEqual(['label', 'q', true]);
    expect(judge(all, roles, { outputs: ['label'] })).toEqual(['label', null, false]);
    expect(judge(all, roles, { outputs: ['y'] })).toEqual([null, 'y', true]);
    expect(judge(all, roles, { outputs: ['y'], task: 'regression' })).toEqual([null, 'y', true]);
    expect(judge(all, roles, { outputs: ['label'], task: 'regression' })).toEqual([null, 'label', true]);
    expect(() => judge(all, roles, { outputs: ['p', 'q'] })).toThrow('expected of two --output a label and its scores');
    expect(() => judge(all, roles, { outputs: ['label', 'p', 'q'] })).toThrow(
      'expected one --output, or a label and its scores',
    );
    // Without the graph a label beside the scores is not known to be theirs.
    expect(judge([l, p], undefined, { outputs: ['p'] })).toEqual([null, 'p', true]);
    expect(() => judge([l, p], undefined)).toThrow('name it with --output');
    expect(judge([l, p], undefined, { outputs: ['label', 'p'] })).toEqual(['label', 'p', true]);
    expect(judge([p], undefined)).toEqual([null, 'p', true]);
  });

  it('of a regression are the only value', () => {
    const count = output('n', 'INT64', [1]);
    const other: OutputRole = { output: 'n', role: 'other' };
    const regression = { task: 'regression' as const };
    expect(judge([count, y], [other, number('y')], regression)).toEqual([null, 'y', true]);
    expect(judge([count], [other], regression)).toEqual([null, 'n', true]);
    expect(() => judge([y, output('z', 'FP32', [1], 1)], undefined, regression)).toThrow(
      'the value is not known to be one of',
    );
    expect(() => judge([l, p], [label(), number('p')], regression)).toThrow('the value is not known');
  });
});
