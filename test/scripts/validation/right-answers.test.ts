// Small models of which a person can say what is right, through the whole of publishing: the figures are right, or absent with a reason,
// or the data is refused with the option that helps. The order of the rows never matters.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Evaluation } from '../../../registry/evaluation.ts';
import { mlDomain, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import type { OnnxModel } from '../../../scripts/onnx/model-file.ts';
import type { ValidationOptions } from '../../../scripts/validation/options.ts';
import type { Publication } from '../../../scripts/validation/publication.ts';
import { parseRequirement } from '../../../scripts/validation/requirement.ts';
import { constant, FLOAT, graph, INT64, linear, ml, type Output, STRING } from '../onnx/classes/graphs.ts';
import { Workshop } from '../publish/workshop.ts';

let workshop: Workshop;
beforeAll(async () => {
  workshop = await Workshop.open();
});
afterAll(() => workshop.close());

let files = 0;

function judge(
  file: OnnxModel,
  rows: string,
  options: Partial<ValidationOptions> & { label?: string; labels?: string } = {},
) {
  const { label, labels, ...validation } = options;
  files++;
  const testData = { path: workshop.write(`rows${files}.csv`, rows), ...(label === undefined ? {} : { label }) };
  const given = { requirements: [], regressionLimits: [], budgets: {}, testData, ...validation };
  return workshop.publish(workshop.write(`model${files}.onnx`, file), {
    validation: given,
    ...(labels === undefined ? {} : { labels: [{ output: 'p', file: workshop.write(`labels${files}.txt`, labels) }] }),
  });
}

function evaluationOf({ manifest: { evaluation } }: Publication): Evaluation {
  if (evaluation === undefined) throw new Error('expected an evaluation');
  return evaluation;
}

function shuffled(csv: string): string {
  const [header = '', ...rows] = csv.split('\n');
  return [header, ...rows.reverse()].join('\n');
}

const label: Output = ['label', INT64, 'n'];
const name: Output = ['label', STRING, 'n'];
const p3: Output = ['p', FLOAT, 'n', 3];

/** A linear model whose class 'maybe' never wins. */
const neverMaybe = [
  'x[0],x[1],label',
  ...['3,0,no', '2,0,no', '0,3,yes', '0,2,yes', '1,0,maybe', '0.1,0,maybe', '0,0.2,maybe'],
].join('\n');

describe('the order of classes', () => {
  it.each([
    ['the label first', [name, p3]],
    ['the scores first', [p3, name]],
    ['the scores alone', [p3]],
  ])('is that of the graph where a class never wins, with %s', async (_, outputs) => {
    const published = await judge(
      graph([linear(['no', 'yes', 'maybe'], ['label', 'p'])], outputs as Output[]),
      neverMaybe,
    );
    const evaluation = evaluationOf(published);
    // scikit-learn 1.2.1: roc_auc_score(multi_class='ovr') and log_loss of softmax(X W).
    expect(evaluation).toMatchObject({
      classes: ['no', 'yes', 'maybe'],
      order: 'graph',
      metrics: { accuracy: 0.571429, roc_auc: 1, log_loss: 0.758458 },
      warnings: expect.arrayContaining(["1 of 3 classes are never predicted: 'maybe'"]),
    });
    expect(published.manifest.labels).toEqual({ p: ['no', 'yes', 'maybe'] });
    expect(published.notes).toContain(
      "the classes of output 'p' are, in the order of its columns, no, yes, maybe: the graph names them",
    );
  });

  it('is that of integers that are no places, and of numbers as text', async () => {
    const rows = neverMaybe.replaceAll(',no', ',5').replaceAll(',yes', ',03').replaceAll(',maybe', ',6');
    const numbers = evaluationOf(await judge(graph([linear([5, 3, 6], ['label', 'p'])], [label, p3]), rows));
    expect(numbers).toMatchObject({ classes: ['5', '3', '6'], metrics: { roc_auc: 1, log_loss: 0.758458 } });
    const texts = evaluationOf(await judge(graph([linear(['5', '03', '6'], ['label', 'p'])], [name, p3]), rows));
    expect(texts).toMatchObject({ classes: ['5', '03', '6'], metrics: { roc_auc: 1, log_loss: 0.758458 } });
  });

  it('is that of the file of labels, which goes before', async () => {
    const file = graph([linear(['n', 'y', 'm'], ['label', 'p'])], [p3]);
    const evaluation = evaluationOf(await judge(file, neverMaybe, { labels: 'no\nyes\nmaybe\n' }));
    expect(evaluation).toMatchObject({ order: 'labels', metrics: { roc_auc: 1, log_loss: 0.758458 } });
  });

  it('is not guessed: without it there are no figures of scores, and a reason', async () => {
    // A matrix behind the classifier: which of its columns is which class is not in the graph.
    const nodes = [linear(['no', 'yes', 'maybe'], ['label', 's']), node('MatMul', ['s', 'w'], ['p'])];
    const file = graph(nodes, [name, p3]);
    file.graph.initializer.push({ ...constant('w', [0, 0, 1, 1, 0, 0, 0, 1, 0]), dims: [3n, 3n] });
    const outputs = ['label', 'p'];
    const evaluation = evaluationOf(await judge(file, neverMaybe, { outputs }));
    expect(evaluation.metrics).toMatchObject({ accuracy: 0.571429 });
    expect(evaluation.outputs).toEqual({ label: 'label' });
    expect(evaluation.absent).toEqual({
      roc_auc: expect.stringContaining("which class each column of output 'p' belongs to: say it with --labels p=FILE"),
      log_loss: expect.stringContaining('--labels p=FILE'),
    });
    const named = evaluationOf(await judge(file, neverMaybe, { outputs, labels: 'yes\nmaybe\nno\n' }));
    expect(named).toMatchObject({ order: 'labels', metrics: { roc_auc: 1, log_loss: 0.758458 } });
  });

  it('is that of the file of labels where the label is the number of a column, which the names may look like', async () => {
    const nodes = [
      linear(['no', 'yes', 'maybe'], ['own', 'p']),
      node('ArgMax', ['p'], ['label'], { axis: { int: 1 } }),
    ];
    const file = graph(nodes, [['label', INT64, 'n', 1], p3]);
    const rows = neverMaybe.replaceAll(',no', ',1').replaceAll(',yes', ',0').replaceAll(',maybe', ',7');
    expect(evaluationOf(await judge(file, rows, { labels: '1\n0\n7\n' }))).toMatchObject({
      classes: ['1', '0', '7'],
      metrics: { accuracy: 0.571429, roc_auc: 1, log_loss: 0.758458 },
    });
  });

  it('of columns without names is their numbers, and of texts is asked for', async () => {
    const file = graph([node('Concat', ['x', 'm'], ['z'], { axis: { int: 1 } }), node('Softmax', ['z'], ['p'])], [p3]);
    file.graph.node.unshift(node('Neg', ['t'], ['m']));
    file.graph.node.unshift(node('ReduceSum', ['x', '#one'], ['t']));
    file.graph.initializer.push(constant('#one', [1]));
    const numbers = neverMaybe.replaceAll(',no', ',0').replaceAll(',yes', ',1').replaceAll(',maybe', ',2');
    expect(evaluationOf(await judge(file, numbers))).toMatchObject({
      order: 'column',
      metrics: { accuracy: 0.571429, roc_auc: 1, log_loss: 0.758458 },
    });
    await expect(judge(file, neverMaybe)).rejects.toThrow(
      "the model scores 3 classes (0, 1, 2), the test data has 'no' in the truth; name them with --labels",
    );
  });
});

describe('the judged outputs', () => {
  /** As ML.NET writes it: every input is an output too, and comes before the prediction. */
  const mirrored = graph(
    [
      node('Identity', ['Label'], ['Label.output']),
      node('Identity', ['x'], ['x.output']),
      linear([0, 1, 2], ['PredictedLabel.output', 'Score.output']),
    ],
    [
      ['Label.output', INT64, 'n', 1],
      ['x.output', FLOAT, 'n', 2],
      ['PredictedLabel.output', INT64, 'n'],
      ['Score.output', FLOAT, 'n', 3],
    ],
    {},
    [
      ['Label', INT64, 'n', 1],
      ['x', FLOAT, 'n', 2],
    ],
  );
  const wrong = 'species,Label,x[0],x[1]\n0,0,-3,-3\n1,1,3,0\n2,2,0,3\n0,0,-1,-1';

  it.each([[undefined], [['Score.output']], [['PredictedLabel.output']], [['PredictedLabel.output', 'Score.output']]])(
    'are no inputs handed through, with --output %j',
    async (outputs) => {
      const named = outputs === undefined ? {} : { outputs };
      const requirements = [parseRequirement('accuracy>=0.9')];
      const published = await judge(mirrored, wrong, { label: 'species', requirements, ...named });
      expect(evaluationOf(published)).toMatchObject({
        outputs: { label: 'PredictedLabel.output', scores: 'Score.output' },
        classes: ['0', '1', '2'],
        metrics: { accuracy: 0 },
      });
      expect(published.validation?.judgement?.failures).toEqual(['accuracy is 0, required >=0.9']);
    },
  );

  it('are what is named, an input handed through as well', async () => {
    const evaluation = evaluationOf(
      await judge(mirrored, wrong, { label: 'species', outputs: ['Label.output'], task: 'multiclass' }),
    );
    expect(evaluation).toMatchObject({ outputs: { label: 'Label.output' }, metrics: { accuracy: 1 } });
  });

  it('are the only output, an input handed through as well', async () => {
    const file = graph([node('Cast', ['x'], ['y'], { to: { int: FLOAT } })], [['y', FLOAT, 'n', 1]], {}, [
      ['x', INT64, 'n', 1],
    ]);
    const evaluation = evaluationOf(await judge(file, 'x,label\n3,3\n5,4\n7,7\n9,9'));
    expect(evaluation).toMatchObject({ task: 'regression', outputs: { value: 'y' }, metrics: { mae: 0.25 } });
  });

  /** A value, and an integer that is computed from the same input. */
  const valued = (last: Output) =>
    graph(
      [
        node('ReduceSum', ['x', '#one'], ['y']),
        node('ReduceMax', ['x'], ['m'], { axes: { ints: [1] } }),
        node('Cast', ['m'], ['segment'], { to: { int: INT64 } }),
      ],
      [['segment', INT64, 'n', 1], last],
      { '#one': [1] },
    );
  const sums = 'x[0],x[1],label\n1,2.5,3.5\n2,2,4\n0.5,1,1.5\n3,1,4';

  it('are asked for where several could be meant', async () => {
    const two = valued(['y', FLOAT, 'n', 1]);
    const message = "'segment' INT64 [-1,1], 'y' FP32 [-1,1]: name it with --output";
    await expect(judge(two, sums)).rejects.toThrow(message);
    expect(evaluationOf(await judge(two, sums, { outputs: ['y'] }))).toMatchObject({
      task: 'regression',
      metrics: { mae: 0 },
    });
    expect(evaluationOf(await judge(two, sums, { task: 'regression' }))).toMatchObject({
      outputs: { value: 'y' },
      metrics: { mae: 0, rmse: 0, r2: 1 },
    });
    await expect(judge(two, sums, { outputs: ['z'] })).rejects.toThrow(
      "the model has no output 'z' (--output); it has segment, y",
    );
  });

  it('are asked for of two heads, and each is judged by itself', async () => {
    const nodes = [linear(['a', 'b', 'c'], ['kind', 'p']), linear(['k', 'l'], ['label', 'q'])];
    const file = graph(nodes, [['kind', STRING, 'n'], p3, name, ['q', FLOAT, 'n', 2]]);
    const rows = 'x[0],x[1],truth\n3,0,k\n0,3,l\n2,0,k\n0,1,k';
    await expect(judge(file, rows, { label: 'truth' })).rejects.toThrow('name it with --output');
    const second = evaluationOf(await judge(file, rows, { label: 'truth', outputs: ['q'] }));
    expect(second).toMatchObject({
      outputs: { label: 'label', scores: 'q' },
      classes: ['k', 'l'],
      metrics: { accuracy: 0.75 },
    });
  });

  it('are a class or a value as the truth needs it, not as it looks', async () => {
    const file = graph([node('ReduceSum', ['x', '#one'], ['y'])], [['y', FLOAT, 'n', 1]], { '#one': [1] });
    const rows = 'x[0],x[1],label\n0.5,0.2,1\n0.1,0.1,0\n0.4,0.5,1';
    await expect(judge(file, rows)).rejects.toThrow(/the truth is 0 or 1, .* say --task binary, or --task regression/);
    expect(evaluationOf(await judge(file, rows, { task: 'regression' })).metrics).toMatchObject({
      mae: expect.closeTo(0.2, 5),
    });
    expect(evaluationOf(await judge(file, rows, { task: 'binary' })).metrics).toMatchObject({
      accuracy: 1,
      roc_auc: 1,
    });
    await expect(judge(file, `${rows}\n2,2,1`, { task: 'binary' })).rejects.toThrow(
      "output 'y' is no probability: row 4 has 4",
    );
    await expect(judge(file, 'x[0],x[1],label\n0.5,0.2,yes')).rejects.toThrow(
      "expected numbers in the truth for the value of output 'y', got 'yes'",
    );
  });

  it('are a value with a word for it, which is asked for where the truth is a number', async () => {
    const nodes = [
      node('ReduceSum', ['x', '#one'], ['y']),
      node('Greater', ['y', 't'], ['over']),
      node('Where', ['over', 'yes', 'no'], ['grade']),
    ];
    const outputs: Output[] = [
      ['grade', STRING, 'n', 1],
      ['y', FLOAT, 'n', 1],
    ];
    const file = graph(nodes, outputs, { '#one': [1], t: [3], yes: ['high'], no: ['low'] });
    const values = 'x[0],x[1],label\n1,2,3\n2,2,4\n0,1,2';
    await expect(judge(file, values)).rejects.toThrow(
      "output 'grade' says low or high, the truth has 3: say --task regression if it is about output 'y'",
    );
    expect(evaluationOf(await judge(file, values, { task: 'regression' }))).toMatchObject({
      outputs: { value: 'y' },
      metrics: { mae: 0.333333 },
    });
    const words = 'x[0],x[1],label\n1,2,low\n2,2,high\n0,1,high';
    expect(evaluationOf(await judge(file, words))).toMatchObject({
      classes: ['low', 'high'],
      metrics: { accuracy: 0.666667, roc_auc: 0.5 },
      absent: { log_loss: expect.stringContaining('the scores are no probabilities') },
    });
  });

  it('may be one integer, of which the graph does not show what it is', async () => {
    const nodes = [
      node('ReduceSum', ['x', '#one'], ['s']),
      node('Floor', ['s'], ['f']),
      node('Cast', ['f'], ['y'], { to: { int: INT64 } }),
    ];
    const file = graph(nodes, [['y', INT64, 'n', 1]], { '#one': [1] });
    const rows = 'x[0],x[1],label\n1,2,3\n2,2,4\n0,1,2';
    await expect(judge(file, rows)).rejects.toThrow(
      "whether output 'y' is a class or a value: say --task regression, or --task multiclass",
    );
    expect(evaluationOf(await judge(file, rows, { task: 'regression' })).metrics).toMatchObject({ mae: 0.333333 });
    expect(evaluationOf(await judge(file, rows, { task: 'multiclass' })).metrics).toMatchObject({ accuracy: 0.666667 });
  });
});

describe('a label that is not the largest score', () => {
  /** P(pos) = sigmoid(x), 'pos' from 0.2 on. */
  function thresholded(yes: string | number, no: string | number, threshold = 0.2): OnnxModel {
    const isText = typeof yes === 'string';
    const [y, n] = isText ? ['yes', 'no'] : ['#yes', '#no'];
    return graph(
      [
        node('Neg', ['x'], ['m']),
        node('Sigmoid', ['x'], ['s']),
        node('Sigmoid', ['m'], ['r']),
        node('Concat', ['r', 's'], ['p'], { axis: { int: 1 } }),
        node('Squeeze', ['s', '#one'], ['flat']),
        node('GreaterOrEqual', ['flat', 't'], ['over']),
        node('Where', ['over', y ?? '', n ?? ''], ['label']),
      ],
      [isText ? name : label, ['p', FLOAT, 'n', 2]],
      { '#one': [1], t: [threshold], [y ?? '']: [yes], [n ?? '']: [no] },
      [['x', FLOAT, 'n', 1]],
    );
  }
  const rows = 'x,label\n-1,neg\n-0.5,pos\n3,pos\n-4,neg\n-3,neg';

  it.each([
    ['as they come', rows],
    ['the other way round', shuffled(rows)],
  ])('is judged alike with rows %s', async (_, csv) => {
    const evaluation = evaluationOf(await judge(thresholded('pos', 'neg'), csv));
    expect(evaluation).toMatchObject({
      classes: ['neg', 'pos'],
      order: 'graph',
      positive: 'pos',
      // sigmoid(-1) is 0.27: 'pos', though it is not.
      metrics: { accuracy: 0.8, precision: 0.666667, recall: 1, roc_auc: 1 },
      warnings: [expect.stringContaining("in 2 of 5 rows output 'label' is not the class with the largest score")],
    });
  });

  it('may be a number', async () => {
    const csv = rows.replaceAll('neg', '0').replaceAll('pos', '1');
    expect(evaluationOf(await judge(thresholded(1, 0), csv))).toMatchObject({
      positive: '1',
      metrics: { accuracy: 0.8, roc_auc: 1 },
    });
    const reversed = rows.replaceAll('neg', '1').replaceAll('pos', '0');
    expect(evaluationOf(await judge(thresholded(0, 1), reversed))).toMatchObject({
      classes: ['1', '0'],
      metrics: { accuracy: 0.8, roc_auc: 1 },
    });
  });

  it('may be none of the classes', async () => {
    const nodes = [
      linear(['a', 'b', 'c'], ['own', 'p']),
      node('ReduceMax', ['p'], ['best'], { axes: { ints: [1] }, keepdims: { int: 0 } }),
      node('Less', ['best', 't'], ['unsure']),
      node('Where', ['unsure', 'none', 'own'], ['label']),
    ];
    const file = graph(nodes, [name, p3], { t: [0.6], none: ['?'] });
    const csv = 'x[0],x[1],truth\n3,0,a\n0,3,b\n0.1,0,a\n-3,-3,c';
    const evaluation = evaluationOf(await judge(file, csv, { label: 'truth' }));
    expect(evaluation).toMatchObject({ classes: ['a', 'b', 'c', '?'], metrics: { accuracy: 0.75, roc_auc: 1 } });
    expect(evaluation.confusion?.[0]).toEqual([1, 0, 0, 1]);
  });

  it('is told where scores are NaN, and without a label nothing is', async () => {
    const file = graph([linear(['a', 'b', 'c'], ['label', 'p'])], [name, p3]);
    const csv = 'x[0],x[1],truth\n3,0,a\n,3,b\n-3,-3,c';
    const evaluation = evaluationOf(await judge(file, csv, { label: 'truth' }));
    expect(evaluation.absent?.roc_auc).toBe('the scores of 1 of 3 rows are NaN (the first is row 2)');
    const alone = graph([linear(['a', 'b', 'c'], ['label', 'p'])], [p3]);
    await expect(judge(alone, csv, { label: 'truth' })).rejects.toThrow(
      'the first is row 2): no class can be told from it',
    );
  });
});

describe('one probability', () => {
  const sigmoid = graph([node('Sigmoid', ['x'], ['p'])], [['p', FLOAT, 'n', 1]], {}, [['x', FLOAT, 'n', 1]]);

  it('is that of 1, or of true', async () => {
    for (const [no, yes] of [
      ['0', '1'],
      ['False', 'True'],
    ]) {
      const csv = `x,label\n-1,${no}\n2,${yes}\n-2,${yes}\n-3,${no}`;
      expect(evaluationOf(await judge(sigmoid, csv))).toMatchObject({
        task: 'binary',
        order: 'column',
        positive: '1',
        metrics: { accuracy: 0.75, roc_auc: 0.75 },
      });
    }
  });

  it('of a class with a name is named', async () => {
    const csv = 'x,label\n-1,good\n2,bad\n-2,bad\n-3,good';
    await expect(judge(sigmoid, csv)).rejects.toThrow(
      "output 'p' is the probability of one class, and the truth has 'good': name the class as --positive",
    );
    expect(evaluationOf(await judge(sigmoid, csv, { positive: 'bad' }))).toMatchObject({
      classes: ['good', 'bad'],
      order: 'positive',
      positive: 'bad',
      metrics: { accuracy: 0.75, roc_auc: 0.75 },
    });
  });

  it('that is picked from a classifier is that of its class', async () => {
    const nodes = [linear(['yes', 'no'], ['label', 's']), ml('ArrayFeatureExtractor', ['s', '#at'], ['p'])];
    const file = graph(nodes, [['p', FLOAT, 'n', 1]], { '#at': [0] });
    const csv = 'x[0],x[1],label\n3,0,yes\n0,3,no\n1,0,yes';
    expect(evaluationOf(await judge(file, csv))).toMatchObject({
      classes: ['no', 'yes'],
      positive: 'yes',
      metrics: { accuracy: 1, roc_auc: 1 },
    });
  });
});

describe('a support vector machine without probabilities', () => {
  it('has scores of pairs, which are those of no class, whatever a ZipMap calls them', async () => {
    const vectors = ml('SVMClassifier', ['x'], ['label', 's'], {
      classlabels_ints: { ints: [0, 1, 2] },
      vectors_per_class: { ints: [1, 1, 1] },
      support_vectors: { floats: [1, 0, 0, 1, -1, -1] },
      coefficients: { floats: [1, 1, -1, 1, -1, -1] },
      rho: { floats: [0, 0, 0] },
      kernel_type: { string: 'LINEAR' },
      kernel_params: { floats: [0, 0, 0] },
    });
    const zipped = ml('ZipMap', ['s'], ['p'], { classlabels_int64s: { ints: [0, 1, 2] } });
    const published = await judge(
      graph([vectors, zipped], [label, p3]),
      'x[0],x[1],truth\n3,0,0\n0,3,1\n-2,-2,2\n1,0,0',
      {
        label: 'truth',
      },
    );
    const evaluation = evaluationOf(published);
    expect(evaluation.outputs).toEqual({ label: 'label' });
    expect(evaluation.absent?.roc_auc).toContain('--labels p=FILE');
    expect(published.manifest.labels).toBeUndefined();
    expect(published.notes).toContain(
      "output 'p' scores pairs of classes, by whose votes the label is chosen: none of its columns is the score of one class",
    );
  });
});

describe('a model of three outputs and a ZipMap', () => {
  it('keeps the order of the ZipMap', async () => {
    const file = model({
      name: 'zipped',
      opsets: { '': 17, [mlDomain]: 3 },
      inputs: [tensorValue('x', FLOAT, ['n', 2])],
      outputs: [tensorValue('label', STRING, ['n']), tensorValue('p', FLOAT, ['n', 3])],
      nodes: [
        linear(['no', 'yes', 'maybe'], ['label', 's']),
        ml('ZipMap', ['s'], ['p'], { classlabels_strings: { strings: ['no', 'yes', 'maybe'] } }),
      ],
    });
    expect(evaluationOf(await judge(file, neverMaybe))).toMatchObject({
      outputs: { label: 'label', scores: 'p' },
      order: 'graph',
      metrics: { roc_auc: 1, log_loss: 0.758458 },
    });
  });
});
