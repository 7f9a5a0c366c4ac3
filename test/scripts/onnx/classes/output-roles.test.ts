// The roles of a model's outputs, as its graph shows them. Each graph is one that a converter writes, or one that must not be taken for it.
import { describe, expect, it } from 'vitest';
import { node } from '../../../../scripts/onnx/build.ts';
import { inputCodes } from '../../../../scripts/onnx/classes/input-codes.ts';
import { outputRoles } from '../../../../scripts/onnx/classes/output-roles.ts';
import type { OnnxModel } from '../../../../scripts/onnx/model-file.ts';
import { BOOL, FLOAT, graph, INT64, linear, ml, type Output, STRING } from './graphs.ts';

const label: Output = ['label', INT64, 'n'];
const name: Output = ['label', STRING, 'n'];
const p3: Output = ['p', FLOAT, 'n', 3];
const p2: Output = ['p', FLOAT, 'n', 2];
const p1: Output = ['p', FLOAT, 'n', 1];

function rolesOf({ graph: g }: OnnxModel, labels = {}) {
  return Object.fromEntries(outputRoles(g, labels).map(({ output, ...role }) => [output, role]));
}

const logits = node('MatMul', ['x', 'w'], ['z']);
const softmax = node('Softmax', ['z'], ['p'], { axis: { int: -1 } });
const argMax = node('ArgMax', ['p'], ['at'], { axis: { int: 1 }, keepdims: { int: 0 } });

describe('the order of classes', () => {
  it('is that of the classifier whose scores these are', () => {
    expect(rolesOf(graph([linear(['no', 'yes', 'maybe'], ['label', 'p'])], [name, p3]))).toEqual({
      label: { role: 'label', head: 0, says: { p: ['no', 'yes', 'maybe'] } },
      p: { role: 'number', head: 0, columns: ['no', 'yes', 'maybe'], isShare: true },
    });
  });

  it('is read of integers as of texts, sorted or not, in any order of the outputs', () => {
    const roles = rolesOf(graph([linear([5, 3, 6], ['label', 'p'])], [p3, label]));
    expect(roles).toMatchObject({ label: { says: { p: [5, 3, 6] } }, p: { columns: [5, 3, 6] } });
  });

  it.each([
    ['a normalizer', [ml('Normalizer', ['s'], ['p'], { norm: { string: 'L1' } })]],
    ['a scaler', [ml('Scaler', ['s'], ['p'], { scale: { floats: [2] }, offset: { floats: [0] } })]],
    ['a cast and a softmax', [node('Cast', ['s'], ['c'], { to: { int: FLOAT } }), node('Softmax', ['c'], ['p'])]],
    ['a division by the sum', [node('ReduceSum', ['s'], ['t']), node('Div', ['s', 't'], ['p'])]],
    ['a temperature', [node('Div', ['s', 'two'], ['p'])]],
    ['shifted logarithms', [node('ReduceMax', ['s'], ['t']), node('Sub', ['s', 't'], ['p'])]],
  ])('stays through %s', (_, nodes) => {
    const roles = rolesOf(graph([linear(['b', 'c', 'a'], ['label', 's']), ...nodes], [name, p3], { two: [2] }));
    expect(roles).toMatchObject({ label: { says: { p: ['b', 'c', 'a'] } }, p: { columns: ['b', 'c', 'a'] } });
  });

  it.each([
    ['another matrix', [node('MatMul', ['s', 'w'], ['p'])]],
    ['negation', [node('Neg', ['s'], ['p'])]],
    ['one less each', [node('Sub', ['one', 's'], ['p'])]],
    ['weights of both signs', [node('Mul', ['s', 'signs'], ['p'])]],
    ['another transposition', [node('Transpose', ['s'], ['p'])]],
    [
      'a scale that turns a column',
      [ml('Scaler', ['s'], ['p'], { scale: { floats: [1, -1, 1] }, offset: { floats: [0, 0, 0] } })],
    ],
    ['a difference from other values', [node('MatMul', ['x', 'v'], ['t']), node('Sub', ['s', 't'], ['p'])]],
    ['the best few', [node('TopK', ['s', '#k'], ['p', 'at'])]],
  ])('is lost in %s', (_, nodes) => {
    const constants = { one: [1], signs: [1, -1, 1], '#k': [3] };
    const roles = rolesOf(graph([linear(['b', 'c', 'a'], ['label', 's']), ...nodes], [name, p3], constants));
    expect(roles.label).not.toHaveProperty('says');
    expect(roles.p).not.toHaveProperty('columns');
  });

  it('follows columns that are picked', () => {
    const classifier = linear(['no', 'yes', 'maybe'], ['label', 's']);
    const picked = node('Gather', ['s', '#places'], ['p'], { axis: { int: 1 } });
    const roles = rolesOf(graph([classifier, picked], [name, p3], { '#places': [2, 0, 1] }));
    expect(roles).toMatchObject({ label: { says: { p: ['maybe', 'no', 'yes'] } } });
    const extracted = ml('ArrayFeatureExtractor', ['s', '#at'], ['p']);
    const one = rolesOf(graph([linear(['yes', 'no'], ['label', 's']), extracted], [name, p1], { '#at': [0] }));
    expect(one).toMatchObject({ p: { columns: ['no', 'yes'] }, label: { says: { p: ['no', 'yes'] } } });
    const twice = node('Gather', ['p', '#again'], ['q'], { axis: { int: -1 } });
    const again = { '#places': [2, 0, 1], '#again': [1, 2, 0] };
    expect(rolesOf(graph([classifier, picked, twice], [name, ['q', FLOAT, 'n', 3]], again))).toMatchObject({
      label: { says: { q: ['no', 'yes', 'maybe'] } },
    });
    const repeated = rolesOf(graph([classifier, picked], [name, p3], { '#places': [2, 2, 1] }));
    expect(repeated.p).not.toHaveProperty('columns');
  });

  it('is that of a list which the largest column is looked up in', () => {
    const nodes = [logits, softmax, argMax, ml('ArrayFeatureExtractor', ['classes', 'at'], ['label'])];
    expect(rolesOf(graph(nodes, [name, p3], { classes: ['c', 'a', 'b'] }))).toEqual({
      label: { role: 'label', head: 0, says: { p: ['c', 'a', 'b'] } },
      p: { role: 'number', head: 0, isShare: true },
    });
    const gathered = [logits, softmax, argMax, node('Gather', ['#classes', 'at'], ['label'])];
    expect(rolesOf(graph(gathered, [label, p3], { '#classes': [7, 5, 6] }))).toMatchObject({
      label: { says: { p: [7, 5, 6] } },
    });
  });

  it('is that of the columns where the label is the number of the largest', () => {
    const cast = node('Cast', ['at'], ['label'], { to: { int: INT64 } });
    expect(rolesOf(graph([logits, softmax, argMax, cast], [p3, label])).label).toEqual({
      role: 'label',
      head: 0,
      says: { p: 'column' },
    });
    // The largest of the logits, while the probabilities go out; and the first of the best.
    const ofLogits = node('ArgMax', ['z'], ['label'], { axis: { int: -1 } });
    expect(rolesOf(graph([logits, softmax, ofLogits], [label, p3]))).toMatchObject({
      label: { says: { p: 'column' } },
    });
    const three = node('TopK', ['p', '#three'], ['best', 'label']);
    expect(rolesOf(graph([logits, softmax, three], [label, p3], { '#three': [3] })).label).not.toHaveProperty('says');
    const ofRows = node('ArgMax', ['z'], ['label'], { axis: { int: 0 } });
    expect(rolesOf(graph([logits, softmax, ofRows], [label, p3])).label).not.toHaveProperty('says');
    const top = node('TopK', ['p', '#one'], ['best', 'label']);
    expect(rolesOf(graph([logits, softmax, top], [label, p3], { '#one': [1] }))).toMatchObject({
      label: { says: { p: 'column' } },
    });
  });

  it('is not that of a label which is chosen from some of the columns only', () => {
    const some = node('Gather', ['p', '#some'], ['q'], { axis: { int: 1 } });
    const ofSome = node('ArgMax', ['q'], ['label'], { axis: { int: 1 } });
    const roles = rolesOf(graph([logits, softmax, some, ofSome], [label, p3], { '#some': [2, 0] }));
    expect(roles.label).toEqual({ role: 'label', head: 0 });
  });

  it('goes through a LabelEncoder behind the classifier', () => {
    const encoder = ml('LabelEncoder', ['key'], ['label'], {
      keys_int64s: { ints: [1, 2, 3] },
      values_strings: { strings: ['setosa', 'versicolor', 'virginica'] },
    });
    expect(rolesOf(graph([linear([3, 1, 2], ['key', 'p']), encoder], [name, p3]))).toMatchObject({
      label: { says: { p: ['virginica', 'setosa', 'versicolor'] } },
    });
  });

  it('is that of what was put together from several classifiers of the same classes', () => {
    const nodes = [
      linear(['b', 'a'], ['l1', 's1']),
      linear(['b', 'a'], ['l2', 's2']),
      node('Mean', ['s1', 's2'], ['p']),
    ];
    expect(rolesOf(graph(nodes, [p2]))).toMatchObject({ p: { columns: ['b', 'a'] } });
    const others = [
      linear(['b', 'a'], ['l1', 's1']),
      linear(['a', 'b'], ['l2', 's2']),
      node('Mean', ['s1', 's2'], ['p']),
    ];
    expect(rolesOf(graph(others, [p2])).p).not.toHaveProperty('columns');
  });

  it('is that of the last of two classifiers', () => {
    const nodes = [linear(['b', 'a', 'c'], ['first', 's']), linear(['z', 'y'], ['label', 'p'], 's')];
    expect(rolesOf(graph(nodes, [name, p2]))).toMatchObject({
      label: { says: { p: ['z', 'y'] } },
      p: { columns: ['z', 'y'] },
    });
  });

  it('is not that of each against the rest', () => {
    const nodes = [
      ...['a', 'b'].flatMap((each) => [
        linear([0, 1], [`l${each}`, `s${each}`]),
        ml('ArrayFeatureExtractor', [`s${each}`, '#one'], [`p${each}`]),
      ]),
      node('Concat', ['pa', 'pb'], ['p'], { axis: { int: 1 } }),
      argMax,
      ml('ArrayFeatureExtractor', ['classes', 'at'], ['label']),
    ];
    const roles = rolesOf(graph(nodes, [name, p2], { '#one': [1], classes: ['u', 'v'] }));
    expect(roles.label).toMatchObject({ says: { p: ['u', 'v'] } });
    expect(roles.p).not.toHaveProperty('columns');
  });

  it('is that of the votes of no support vector machine, whose scores are of pairs', () => {
    const machine = (attributes: Parameters<typeof ml>[3]) =>
      ml('SVMClassifier', ['x'], ['label', 'p'], {
        classlabels_ints: { ints: [0, 1, 2] },
        vectors_per_class: { ints: [1, 1, 1] },
        ...attributes,
      });
    const votes = rolesOf(graph([machine({})], [label, p3]));
    expect(votes).toEqual({ label: { role: 'label', head: 0 }, p: { role: 'number', head: 0, isPairs: true } });
    // As a ZipMap would name them, too.
    expect(rolesOf(graph([machine({})], [label, p3]), { p: [0, 1, 2] })).toEqual(votes);
    const straight = rolesOf(graph([machine({ vectors_per_class: { ints: [] } })], [label, p3]));
    expect(straight).toMatchObject({ label: { says: { p: [0, 1, 2] } }, p: { columns: [0, 1, 2] } });
    const platt = rolesOf(graph([machine({ prob_a: { floats: [1, 1, 1] } })], [label, p3]));
    expect(platt).toMatchObject({ label: { says: { p: [0, 1, 2] } } });
  });

  it('is not that of names which are there twice', () => {
    const roles = rolesOf(graph([linear(['a', 'b', 'a'], ['label', 'p'])], [name, p3]));
    expect(roles).toEqual({ label: { role: 'label', head: 0 }, p: { role: 'number', head: 0, isShare: true } });
  });

  it('is that of a ZipMap which was removed', () => {
    expect(rolesOf(graph([logits, softmax], [p3]), { p: ['x', 'y', 'z'] })).toMatchObject({
      p: { columns: ['x', 'y', 'z'] },
    });
  });
});

describe('a threshold', () => {
  const one = [node('Sigmoid', ['z'], ['p'])];
  const compare = (type: string, left: string, right: string) => node(type, [left, right], ['over']);

  it('tells what one probability is of', () => {
    const number = node('Cast', ['over'], ['label'], { to: { int: INT64 } });
    expect(rolesOf(graph([logits, ...one, compare('Greater', 'p', 't'), number], [label, p1], { t: [0.3] }))).toEqual({
      label: { role: 'label', head: 0, says: { p: [0, 1] } },
      p: { role: 'number', head: 0, isShare: true },
    });
    expect(
      rolesOf(graph([logits, ...one, compare('Less', 'p', 't'), number], [label, p1], { t: [0.3] })),
    ).toMatchObject({
      label: { says: { p: [1, 0] } },
    });
    const names = node('Where', ['over', 'yes', 'no'], ['label']);
    const constants = { t: [0.3], yes: ['bad'], no: ['fine'] };
    expect(
      rolesOf(graph([logits, ...one, compare('GreaterOrEqual', 'p', 't'), names], [name, p1], constants)),
    ).toMatchObject({
      label: { says: { p: ['fine', 'bad'] } },
    });
    expect(rolesOf(graph([logits, ...one, compare('Greater', 't', 'p'), names], [name, p1], constants))).toMatchObject({
      label: { says: { p: ['bad', 'fine'] } },
    });
    const plain = rolesOf(
      graph([logits, ...one, compare('Greater', 'p', 't')], [['over', BOOL, 'n', 1], p1], { t: [0.3] }),
    );
    expect(plain).toMatchObject({ over: { says: { p: ['false', 'true'] } } });
  });

  it('on what falls where the score rises tells the other way round, and between three words nothing', () => {
    const constants = { t: [0.3], one: [1], yes: ['bad'], no: ['fine'], maybe: ['?'] };
    const falling = [
      logits,
      node('Sigmoid', ['z'], ['q']),
      node('Sub', ['one', 'q'], ['p']),
      compare('Greater', 'q', 't'),
      node('Where', ['over', 'yes', 'no'], ['label']),
    ];
    expect(rolesOf(graph(falling, [name, p1], constants))).toMatchObject({ label: { says: { p: ['bad', 'fine'] } } });
    const unsure = [
      logits,
      ...one,
      compare('Greater', 'p', 't'),
      node('Where', ['over', 'yes', 'no'], ['word']),
      node('Less', ['p', 'one'], ['under']),
      node('Where', ['under', 'maybe', 'word'], ['label']),
    ];
    expect(rolesOf(graph(unsure, [name, p1], constants)).label).toEqual({ role: 'label', head: 0 });
  });

  it('tells which of two columns is which', () => {
    const names = node('Where', ['over', 'yes', 'no'], ['label']);
    const constants = { t: [0.3], yes: ['bad'], no: ['fine'], '#one': [1], '#zero': [0], one: [1] };
    const picked = (place: string) => [
      logits,
      softmax,
      node('Gather', ['p', place], ['q'], { axis: { int: 1 } }),
      compare('Greater', 'q', 't'),
      names,
    ];
    expect(rolesOf(graph(picked('#one'), [name, p2], constants))).toMatchObject({
      label: { says: { p: ['fine', 'bad'] } },
    });
    expect(rolesOf(graph(picked('#zero'), [name, p2], constants))).toMatchObject({
      label: { says: { p: ['bad', 'fine'] } },
    });
    const joined = [
      logits,
      node('Sigmoid', ['z'], ['q']),
      node('Sub', ['one', 'q'], ['r']),
      node('Concat', ['r', 'q'], ['p'], { axis: { int: 1 } }),
      node('Squeeze', ['q'], ['flat']),
      compare('Greater', 'flat', 't'),
      names,
    ];
    expect(rolesOf(graph(joined, [name, p2], constants))).toMatchObject({
      label: { says: { p: ['fine', 'bad'] } },
      p: { isShare: true },
    });
  });

  it('on an input itself tells of scores that are made of it', () => {
    const nodes = [
      node('Neg', ['x'], ['m']),
      node('Concat', ['m', 'x'], ['p'], { axis: { int: 1 } }),
      compare('Greater', 'x', 't'),
      node('Where', ['over', 'yes', 'no'], ['label']),
    ];
    const inputs: Output[] = [['x', FLOAT, 'n', 1]];
    expect(rolesOf(graph(nodes, [name, p2], { t: [2], yes: ['sick'], no: ['healthy'] }, inputs))).toEqual({
      label: { role: 'label', head: 0, says: { p: ['healthy', 'sick'] } },
      p: { role: 'number', head: 0 },
    });
  });

  it('that is no constant, or chosen from what is not scored, tells nothing', () => {
    const names = node('Where', ['over', 'yes', 'no'], ['label']);
    const constants = { yes: ['bad'], no: ['fine'] };
    const moving = rolesOf(graph([logits, ...one, compare('Greater', 'p', 'z'), names], [name, p1], constants));
    expect(moving.label).toEqual({ role: 'label', head: 0 });
    const other = node('ReduceMean', ['x'], ['m']);
    const beside = rolesOf(
      graph([logits, ...one, other, compare('Greater', 'm', 't'), names], [name, p1], { ...constants, t: [0] }),
    );
    expect(beside).toMatchObject({ label: { head: 1 }, p: { head: 0 } });
    expect(beside.label).not.toHaveProperty('says');
  });

  it('for rejecting a row leaves the label what it says otherwise', () => {
    const nodes = [
      logits,
      softmax,
      argMax,
      node('ReduceMax', ['p'], ['best']),
      compare('Less', 'best', 't'),
      node('Where', ['over', '#none', 'at'], ['label']),
    ];
    expect(rolesOf(graph(nodes, [label, p3], { t: [0.5], '#none': [-1] }))).toMatchObject({
      label: { role: 'label', head: 0, says: { p: 'column' } },
      p: { role: 'number', head: 0 },
    });
    const classifier = [linear(['a', 'b', 'c'], ['own', 'p']), ...nodes.slice(3, 5)];
    const other = [...classifier, node('Where', ['over', 'none', 'own'], ['label'])];
    expect(rolesOf(graph(other, [name, p3], { t: [0.5], none: ['?'] }))).toMatchObject({
      label: { role: 'label', head: 0, says: { p: ['a', 'b', 'c'] } },
    });
  });
});

describe('outputs that are no predictions', () => {
  const classifier = linear(['a', 'b', 'c'], ['label', 'p']);

  it('are inputs handed through, in whatever form', () => {
    const nodes = [
      node('Identity', ['x'], ['same']),
      node('Identity', ['same'], ['twice']),
      node('Cast', ['id'], ['number'], { to: { int: INT64 } }),
      classifier,
    ];
    const outputs: Output[] = [['twice', FLOAT, 'n', 2], ['number', INT64, 'n'], name, p3];
    const inputs: Output[] = [
      ['x', FLOAT, 'n', 2],
      ['id', FLOAT, 'n'],
    ];
    expect(rolesOf(graph(nodes, outputs, {}, inputs))).toMatchObject({
      twice: { role: 'input' },
      number: { role: 'input' },
      label: { role: 'label' },
    });
  });

  it('are inputs that are scaled, beside a label that is chosen from something else', () => {
    const scaled = ml('Scaler', ['x'], ['features'], { scale: { floats: [0.1, 0.1] }, offset: { floats: [0, 0] } });
    const outputs: Output[] = [['features', FLOAT, 'n', 2], name, p3];
    expect(rolesOf(graph([scaled, classifier], outputs))).toMatchObject({
      features: { role: 'input' },
      p: { columns: ['a', 'b', 'c'] },
    });
    expect(rolesOf(graph([scaled], [['features', FLOAT, 'n', 2]]))).toMatchObject({ features: { role: 'number' } });
    const decided = [scaled, node('ArgMax', ['features'], ['label'], { axis: { int: 1 } })];
    expect(rolesOf(graph(decided, [['features', FLOAT, 'n', 2], label]))).toMatchObject({
      features: { role: 'number' },
      label: { says: { features: 'column' } },
    });
  });

  it('are constants, counts and the confidence of the winner', () => {
    const nodes = [
      classifier,
      node('ReduceMax', ['p'], ['sure'], { keepdims: { int: 0 } }),
      node('Greater', ['p', 't'], ['high']),
      node('Cast', ['high'], ['ones'], { to: { int: INT64 } }),
      node('ReduceSum', ['ones', '#axis'], ['many']),
      node('Identity', ['#axis'], ['fixed']),
    ];
    const outputs: Output[] = [['many', INT64, 'n'], ['sure', FLOAT, 'n'], ['fixed', INT64, 1], name, p3];
    expect(rolesOf(graph(nodes, outputs, { t: [0.1], '#axis': [1] }))).toMatchObject({
      many: { role: 'count' },
      sure: { role: 'confidence', head: 0 },
      fixed: { role: 'constant' },
      label: { role: 'label', head: 0 },
    });
  });

  it('are not known to be labels where an integer is computed otherwise', () => {
    const nodes = [
      node('MatMul', ['x', 'w'], ['y']),
      node('ReduceMean', ['x'], ['m']),
      node('Cast', ['m'], ['segment']),
    ];
    expect(
      rolesOf(
        graph(nodes, [
          ['segment', INT64, 'n'],
          ['y', FLOAT, 'n', 1],
        ]),
      ),
    ).toEqual({
      segment: { role: 'other' },
      y: { role: 'number', head: 0 },
    });
  });

  it('speak of other predictions although they are made of the same input', () => {
    const nodes = [node('Sigmoid', ['x'], ['p']), node('Tanh', ['x'], ['q'])];
    expect(rolesOf(graph(nodes, [p2, ['q', FLOAT, 'n', 2]]))).toMatchObject({ p: { head: 0 }, q: { head: 1 } });
  });

  it('speak of another prediction where they come from another part of the graph', () => {
    const nodes = [
      linear(['a', 'b', 'c'], ['label', 'p']),
      node('MatMul', ['x', 'w'], ['z']),
      node('Softmax', ['z'], ['q']),
    ];
    const roles = rolesOf(graph(nodes, [name, p3, ['q', FLOAT, 'n', 4]]));
    expect(roles).toMatchObject({ label: { head: 0 }, p: { head: 0 }, q: { head: 1 } });
  });
});

describe('a label', () => {
  const encode = (values: number[]) =>
    ml('LabelEncoder', ['truth'], ['key'], {
      keys_strings: { strings: ['five', 'three', 'six', 'ten'].slice(0, values.length) },
      values_int64s: { ints: values },
    });
  const inputs: Output[] = [
    ['x', FLOAT, 'n', 2],
    ['truth', STRING, 'n'],
  ];

  it('is told to be a code, where the graph writes an input with it', () => {
    const codes = (values: number[]) => {
      const nodes = [encode(values), linear([3, 1, 2], ['label', 'p'])];
      const { graph: g } = graph(nodes, [['key', INT64, 'n'], label, p3], {}, inputs);
      return inputCodes(g, outputRoles(g, {}));
    };
    expect(codes([1, 2, 3])).toEqual([{ input: 'truth', output: 'p', names: ['six', 'five', 'three'] }]);
    expect(codes([7, 8, 9])).toEqual([]);
    // A feature of four values beside three classes.
    expect(codes([1, 2, 3, 4])).toEqual([]);
  });
});

describe('a graph that nobody wrote', () => {
  it('which runs in circles or doubles without end, is looked at and left', () => {
    const circle = [node('Identity', ['p'], ['q']), node('Softmax', ['q'], ['p'])];
    expect(rolesOf(graph(circle, [p3])).p).toBeDefined();
    const doubled = Array.from({ length: 60 }, (_, at) =>
      node('Concat', [`v${at}`, `v${at}`], [`v${at + 1}`], { axis: { int: 1 } }),
    );
    const picked = ml('ArrayFeatureExtractor', ['x', '#one'], ['v0']);
    expect(rolesOf(graph([picked, ...doubled], [['v60', FLOAT, 'n', 2]], { '#one': [1] })).v60).toBeDefined();
    const deep = Array.from({ length: 50_000 }, (_, at) => node('Identity', [`v${at}`], [`v${at + 1}`]));
    const roles = rolesOf(graph([node('Softmax', ['x'], ['v0']), ...deep], [['v50000', FLOAT, 'n', 2]]));
    expect(roles.v50000).toBeDefined();
  });
});
