import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contractBreaks, describeBreak } from '../../../registry/contract/breaks.ts';
import { comparisonBreaks } from '../../../registry/contract/comparison.ts';
import type { Manifest } from '../../../registry/manifest.ts';
import { datatypes, type TensorSpec } from '../../../registry/signature.ts';
import '../../harness/property-seed.ts';
import { sampleRelease } from '../sample-release.ts';

type Contract = Pick<Manifest, 'signature'> & Partial<Pick<Manifest, 'features' | 'labels' | 'limits' | 'roles'>>;

const { manifest: sample } = await sampleRelease('pump', '1');
const manifestOf = (contract: Contract): Manifest => ({ ...sample, ...contract });

const spec = (name: string, shape: number[], datatype: TensorSpec['datatype'] = 'FP32'): TensorSpec => ({
  ...{ name, datatype, shape },
});

/** A classifier of rows of three columns, with a score for each of its classes. */
const classifier: Contract = {
  signature: {
    inputs: [spec('x', [-1, 3])],
    outputs: [spec('label', [-1], 'INT64'), spec('scores', [-1, 2])],
  },
  features: ['torque', 'wear', 'speed'],
  labels: { scores: ['sound', 'worn'] },
  limits: [{ name: 'x', shape: [1000, null], elements: 3000, given: [0] }],
};

function withInputs(...inputs: TensorSpec[]): Contract {
  const { features: _, limits: __, ...rest } = classifier;
  return { ...rest, signature: { ...classifier.signature, inputs } };
}

function withOutputs(...outputs: TensorSpec[]): Contract {
  return { signature: { ...classifier.signature, outputs } };
}

const withLimit = (most: number, elements = most * 3, given?: number[]): Contract => ({
  ...classifier,
  limits: [{ name: 'x', shape: [most, null], elements, ...(given ? { given } : {}) }],
});

const role = { output: 'p', role: 'number' } as const;

const [label, scores] = classifier.signature.outputs as [TensorSpec, TensorSpec];

const withBatch = (batch: NonNullable<Manifest['signature']['batch']>): Contract => ({
  ...classifier,
  signature: { ...classifier.signature, batch },
});
const manyRecords = { size: -1, inputs: ['x'], outputs: ['label', 'scores'] };
const withDefault = (...optionalInputs: TensorSpec[]): Contract => ({
  ...classifier,
  signature: { ...classifier.signature, ...(optionalInputs.length === 0 ? {} : { optionalInputs }) },
});

describe('records and inputs with a default', () => {
  it.each<[string, Contract, Contract, string[]]>([
    [
      'one record where any number was taken',
      withBatch(manyRecords),
      withBatch({ ...manyRecords, size: 1 }),
      ['limit of records in a request: any number becomes 1: callers that send several records get 400'],
    ],
    [
      'an output that has no row for each record any more',
      classifier,
      withBatch({ ...manyRecords, outputs: ['label'] }),
      [
        'limit of records in a request: any number becomes 1: callers that send several records get 400',
        // Scores that are not of one record are no classifier's any more.
        'answer to records: label, score, scores becomes label, scores: callers that send records do not find score',
      ],
    ],
    ['any number where one was taken', withBatch({ ...manyRecords, size: 1 }), withBatch(manyRecords), []],
    ['the same, found out or declared', classifier, withBatch(manyRecords), []],
    [
      'an input with a default that is gone',
      withDefault(spec('threshold', [1])),
      withDefault(),
      [
        "input 'threshold': FP32 [1] becomes nothing: callers that give it get 400 for tensors, and answers that do not regard it for records",
      ],
    ],
    ['a new one', withDefault(), withDefault(spec('threshold', [1])), []],
    [
      'one that has no default any more',
      withDefault(spec('threshold', [1])),
      withInputs(spec('x', [-1, 3]), spec('threshold', [1])),
      [
        "input 'threshold': nothing becomes FP32 [1]: every caller that leaves it out gets 400, because the input is missing",
      ],
    ],
    ['one that was required', withInputs(spec('x', [-1, 3]), spec('z', [1])), withDefault(spec('z', [1])), []],
  ])('%s', (_, served, next, expected) => {
    const without = ({ features: __, limits: ___, labels: ____, ...contract }: Contract) => manifestOf(contract);
    expect(contractBreaks(without(served), without(next)).map(describeBreak)).toEqual(
      expected.map((sentence) => expect.stringContaining(sentence)),
    );
  });
});

describe('what hurts callers', () => {
  it.each<[string, Contract, Contract, string[]]>([
    [
      'an input that is gone, and one that is new',
      withInputs(spec('x', [-1, 3])),
      withInputs(spec('z', [-1, 1])),
      [
        "input 'x': FP32 [-1,3] becomes nothing: callers that send tensors get 400, because the model has no such input",
        "input 'z': nothing becomes FP32 [-1,1]: every caller gets 400, because the input is missing",
      ],
    ],
    [
      'another datatype of an input',
      withInputs(spec('x', [-1, 3])),
      withInputs(spec('x', [-1, 3], 'FP64')),
      [
        "input 'x': FP32 [-1,3] becomes FP64 [-1,3]: callers that send FP32 tensors get 400, because the input takes FP64",
      ],
    ],
    [
      'another rank of an input',
      withInputs(spec('x', [-1, 3])),
      withInputs(spec('x', [3])),
      [
        "input 'x': FP32 [-1,3] becomes FP32 [3]: callers that send tensors get 400, because the input has 1 dimensions",
        'answer to records: label, score, scores becomes label, scores: callers that send records do not find score',
      ],
    ],
    [
      'another size of an input',
      withInputs(spec('x', [-1, 3])),
      withInputs(spec('x', [-1, 4])),
      ["input 'x': FP32 [-1,3] becomes FP32 [-1,4]: every caller gets 400, because axis 1 takes 4 alone"],
    ],
    [
      'a batch that becomes fixed',
      withInputs(spec('x', [-1, 3])),
      withInputs(spec('x', [1, 3])),
      [
        "input 'x': FP32 [-1,3] becomes FP32 [1,3]: callers whose axis 0 has another size get 400, because axis 0 takes 1 alone",
        'answer to records: label, score, scores becomes label, scores: callers that send records do not find score',
      ],
    ],
    [
      'an output that is gone',
      withOutputs(label, scores),
      withOutputs(scores),
      [
        "output 'label': INT64 [-1] becomes nothing: callers that read it find nothing, and get 400 if they ask for it by name",
        'answer to records: label, score, scores becomes scores: callers that send records do not find score',
      ],
    ],
    [
      'another datatype of an output',
      withOutputs(label, scores),
      withOutputs(spec('label', [-1], 'BYTES'), scores),
      ["output 'label': INT64 [-1] becomes BYTES [-1]: callers that read it get elements of another type"],
    ],
    [
      'another rank of an output',
      withOutputs(label, scores),
      withOutputs(spec('label', [-1, 1], 'INT64'), scores),
      ["output 'label': INT64 [-1] becomes INT64 [-1,1]: callers that read it get 2 dimensions instead of 1"],
    ],
    [
      'another size of an output',
      withOutputs(label, scores),
      withOutputs(label, spec('scores', [-1, 5])),
      [
        "output 'scores': FP32 [-1,2] becomes FP32 [-1,5]: callers that read it get 5 elements along axis 1 instead of 2",
      ],
    ],
    [
      'an output that loses its size',
      withOutputs(label, scores),
      withOutputs(label, spec('scores', [-1, -1])),
      [
        "output 'scores': FP32 [-1,2] becomes FP32 [-1,-1]: callers that read it get any size along axis 1 instead of 2",
        'answer to records: label, score, scores becomes label, scores: callers that send records do not find score',
      ],
    ],
    [
      'another order of outputs',
      withOutputs(label, scores),
      withOutputs(scores, label),
      [
        "output 'label': output 1 becomes output 2: callers that take outputs by their place read another output, without an error",
      ],
    ],
    [
      'a second output',
      withOutputs(scores),
      withOutputs(scores, spec('leaf', [-1])),
      [
        "output 'leaf': nothing becomes FP32 [-1]: callers of /v1/models/…:predict get objects instead of the value of 'scores' alone",
      ],
    ],
    [
      'another name of a column',
      classifier,
      { ...classifier, features: ['torque', 'tear', 'speed'] },
      [
        "features of 'x': torque, wear, speed becomes torque, tear, speed: callers that send records get 400, because they lack tear",
        "features of 'x': torque, wear, speed becomes torque, tear, speed: callers that send tensors have columns read as others, without an error",
      ],
    ],
    [
      'another order of columns',
      classifier,
      { ...classifier, features: ['wear', 'torque', 'speed'] },
      [
        "features of 'x': torque, wear, speed becomes wear, torque, speed: callers that send tensors have columns read as others, without an error",
      ],
    ],
    [
      'columns that get names, one of which is that of the input',
      { ...classifier, features: undefined },
      { ...classifier, features: ['torque', 'x', 'speed'] },
      [
        "features of 'x': x becomes torque, x, speed: callers that send records get 400, because they lack torque, speed",
      ],
    ],
    [
      'a column with another name beside other inputs',
      { ...withInputs(spec('x', [-1, 3]), spec('type', [-1, 1])), features: ['torque', 'wear', 'speed', 'type'] },
      { ...withInputs(spec('x', [-1, 3]), spec('type', [-1, 1])), features: ['torque', 'tear', 'speed', 'type'] },
      [
        "features of 'x': torque, wear, speed becomes torque, tear, speed: callers that send records get 400, because they lack tear",
        "features of 'x': torque, wear, speed becomes torque, tear, speed: callers that send tensors have columns read as others, without an error",
      ],
    ],
    [
      'columns that lose their names',
      classifier,
      { ...classifier, features: undefined },
      [
        "features of 'x': torque, wear, speed becomes x: callers that send records get 400, because they lack x; --features of the publisher keeps the names",
      ],
    ],
    [
      'a class with another name',
      classifier,
      { ...classifier, labels: { scores: ['sound', 'broken'] } },
      [
        "labels of 'scores': 'sound', 'worn' becomes 'sound', 'broken': callers that read classes by their names never find 'worn'",
      ],
    ],
    [
      'a class whose name becomes a number',
      { ...classifier, labels: { scores: ['0', '1'] } },
      { ...classifier, labels: { scores: [0, 1] } },
      ["labels of 'scores': '0', '1' becomes 0, 1: callers that read classes by their names never find '0', '1'"],
    ],
    [
      'another order of classes',
      classifier,
      { ...classifier, labels: { scores: ['worn', 'sound'] } },
      [
        "labels of 'scores': 'sound', 'worn' becomes 'worn', 'sound': callers that read scores by their place read those of a wrong class, without an error",
      ],
    ],
    [
      'classes that lose their names',
      classifier,
      { ...classifier, labels: undefined },
      [
        "labels of 'scores': 'sound', 'worn' becomes nothing: callers that read classes by their names find none of them",
      ],
    ],
    [
      'scores that get names',
      withOutputs(spec('p', [-1, 2]), spec('extra', [-1])),
      { ...withOutputs(spec('p', [-1, 2]), spec('extra', [-1])), labels: { p: ['sound', 'worn'] } },
      ['answer to records: p, extra becomes label, score, scores, extra: callers that send records do not find p'],
    ],
    [
      'scores of a classifier that get names',
      withOutputs(label, scores),
      { ...withOutputs(label, scores), labels: { scores: ['sound', 'worn'] } },
      ['answer to records: 0, 1 becomes sound, worn: callers that send records find no scores of 0, 1'],
    ],
    [
      'scores that are no probabilities any more',
      { ...withOutputs(spec('p', [-1, 2])), labels: { p: ['a', 'b'] }, roles: [{ ...role, isShare: true }] },
      { ...withOutputs(spec('p', [-1, 2])), labels: { p: ['a', 'b'] }, roles: [role] },
      [
        'answer to records: label, probability, probabilities becomes label, score, scores: callers that send records do not find probability, probabilities',
      ],
    ],
    [
      'a second output that could be the label of a classifier without names',
      withOutputs(label, scores),
      withOutputs(label, scores, spec('leaf', [-1], 'INT64')),
      [
        'answer to records: label, score, scores becomes label, scores, leaf: callers that send records do not find score',
      ],
    ],
    [
      'a smaller limit that was decided',
      withLimit(1000, 3000, [0]),
      withLimit(999, 2997, [0]),
      [
        "limit of 'x': [1000,3] and 3000 elements becomes [999,3] and 2997 elements: callers with larger inputs get 413 for more than 999 along axis 0",
      ],
    ],
    [
      'a limit where there was none',
      { ...classifier, limits: undefined },
      withLimit(64),
      [
        "limit of 'x': [any,3] becomes [64,3] and 192 elements: callers with larger inputs get 413 for more than 64 along axis 0",
      ],
    ],
    [
      'a measured limit that is much smaller',
      withLimit(1000),
      withLimit(600),
      [
        "limit of 'x': [1000,3] and 3000 elements becomes [600,3] and 1800 elements: callers with larger inputs get 413 for more than 600 along axis 0",
      ],
    ],
    [
      'fewer elements together',
      withLimit(1000, 3000),
      withLimit(1000, 1500),
      [
        "limit of 'x': [1000,3] and 3000 elements becomes [1000,3] and 1500 elements: callers with larger inputs get 413 for more than 1500 elements",
      ],
    ],
    [
      'a limit below the size that was fixed',
      withInputs(spec('x', [8, 3])),
      { ...withInputs(spec('x', [-1, 3])), limits: [{ name: 'x', shape: [4, null], elements: 12 }] },
      [
        "limit of 'x': [8,3] and 24 elements becomes [4,3] and 12 elements: callers with larger inputs get 413 for more than 4 along axis 0",
      ],
    ],
  ])('%s', (_, served, next, texts) => {
    expect(contractBreaks(manifestOf(served), manifestOf(next)).map(describeBreak)).toEqual(texts);
  });

  it('a regressor with one input in the place of a classifier with three', () => {
    const names = ['type', 'torque', 'wear'];
    const served = manifestOf(withInputs(...names.map((name) => spec(name, [-1, 1]))));
    const next = manifestOf({ signature: { inputs: [spec('x', [-1, 1])], outputs: [spec('y', [-1, 1])] } });
    expect(contractBreaks(served, next).map(({ part, name }) => `${part} ${name}`)).toEqual([
      ...["input 'type'", "input 'torque'", "input 'wear'", "input 'x'", "output 'label'", "output 'scores'"],
      'answer to records',
    ]);
  });

  it('names of any length in short', () => {
    const long = manifestOf(withInputs(spec('x'.repeat(10_000), [-1])));
    for (const found of contractBreaks(long, manifestOf(withInputs(spec('x', [-1]))))) {
      expect(describeBreak(found).length).toBeLessThan(200);
    }
  });
});

describe('what hurts nobody', () => {
  it.each<[string, Contract, Contract]>([
    ['an input that takes any size', withInputs(spec('x', [1, 3])), withInputs(spec('x', [-1, 3]))],
    ['another order of inputs', withInputs(spec('a', [1]), spec('b', [1])), withInputs(spec('b', [1]), spec('a', [1]))],
    ['an output with a fixed size', withOutputs(label, spec('scores', [-1, -1])), withOutputs(label, scores)],
    ['a third output', withOutputs(label, scores), withOutputs(label, scores, spec('leaf', [-1]))],
    [
      'a batch of any size on both sides',
      { signature: { inputs: [spec('x', [1, 3])], outputs: [spec('y', [1, 2])] } },
      { signature: { inputs: [spec('x', [-1, 3])], outputs: [spec('y', [-1, 2])] } },
    ],
    ['a larger limit', withLimit(10), withLimit(1000)],
    ['no limit any more', withLimit(10), { ...classifier, limits: undefined }],
    ['a measured limit that is a little smaller', withLimit(1000), withLimit(700)],
    [
      'one more class at the end, where the number of classes is open',
      { ...withOutputs(label, spec('scores', [-1, -1])), labels: { scores: ['a', 'b'] } },
      { ...withOutputs(label, spec('scores', [-1, -1])), labels: { scores: ['a', 'b', 'c'] } },
    ],
    [
      'names of classes that are their places',
      withOutputs(label, scores),
      { ...withOutputs(label, scores), labels: { scores: [0, 1] } },
    ],
    ['columns that get names', { ...classifier, features: undefined }, classifier],
    ['names of the only input', withInputs(spec('x', [-1, 3])), { ...withInputs(spec('x', [-1, 3])), features: ['x'] }],
  ])('%s', (_, served, next) => {
    expect(contractBreaks(manifestOf(served), manifestOf(next))).toEqual([]);
  });

  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 4 });
  const tensor = fc.record({
    datatype: fc.constantFrom(...datatypes),
    shape: fc.array(fc.integer({ min: -1, max: 4 }), { maxLength: 4 }),
  });
  const tensors = names.chain((given) => fc.tuple(...given.map((name) => tensor.map((rest) => ({ name, ...rest })))));
  const contracts = fc
    .tuple(tensors, tensors, fc.option(fc.array(fc.constantFrom('a', 'b', 0, 1)), { nil: undefined }), fc.nat(5))
    .map(([inputs, outputs, classes, most]): Contract => {
      const free = inputs.filter(({ shape }) => shape.includes(-1));
      return {
        signature: { inputs, outputs },
        ...(classes ? { labels: { [outputs[0]?.name ?? '']: classes } } : {}),
        limits: free.map(({ name, shape }) => ({
          ...{ name, shape: shape.map((size) => (size === -1 ? most + 1 : null)), elements: most + 1 },
        })),
      };
    });

  it('a version in the place of itself', () => {
    fc.assert(
      fc.property(contracts, (contract) => {
        expect(contractBreaks(manifestOf(contract), manifestOf(contract))).toEqual([]);
        expect(comparisonBreaks(manifestOf(contract), manifestOf(contract))).toEqual([]);
      }),
    );
  });

  it('wider inputs with larger limits in another order, and more outputs behind', () => {
    fc.assert(
      // Axis 0 may be what counts the records of the outputs, too.
      fc.property(contracts, fc.integer({ min: 1, max: 3 }), (contract, axis) => {
        const { inputs, outputs } = contract.signature;
        const wider = inputs.toReversed().map(({ name, datatype, shape }) => ({
          ...{ name, datatype, shape: shape.map((size, at) => (at === axis ? -1 : size)) },
        }));
        const next: Contract = {
          ...contract,
          signature: { inputs: wider, outputs: [...outputs, spec('a new output', [-1])] },
          limits: undefined,
        };
        expect(contractBreaks(manifestOf(contract), manifestOf(next))).toEqual([]);
      }),
    );
  });

  it('but any change of an input or output that narrows it is found', () => {
    fc.assert(
      fc.property(contracts, fc.nat(), (contract, pick) => {
        const { inputs, outputs } = contract.signature;
        const without = <T>(list: readonly T[]) => list.filter((_, index) => index !== pick % list.length);
        const fewer = { ...contract, signature: { inputs, outputs: without(outputs) }, labels: undefined };
        expect(contractBreaks(manifestOf(contract), manifestOf(fewer))).not.toEqual([]);
        const more = { ...contract, signature: { inputs: [...inputs, spec('a new input', [])], outputs } };
        expect(contractBreaks(manifestOf(contract), manifestOf(more))).not.toEqual([]);
      }),
    );
  });
});

describe('what leaves nothing to compare', () => {
  it.each<[string, Contract, Contract, string[]]>([
    [
      'another input',
      withInputs(spec('x', [-1, 3])),
      withInputs(spec('x', [-1, 4])),
      ["input 'x': counts errors alone"],
    ],
    [
      'an output that is gone',
      withOutputs(label, scores),
      withOutputs(scores),
      ["output 'label': counts errors alone"],
    ],
    [
      'another form of an output',
      withOutputs(label, scores),
      withOutputs(label, spec('scores', [-1, 3])),
      ["output 'scores': finds every answer different"],
    ],
    [
      'another order of classes',
      classifier,
      { ...classifier, labels: { scores: ['worn', 'sound'] } },
      ["labels 'scores': takes scores of different classes for one"],
    ],
    [
      'limits, names of columns and other outputs do not',
      classifier,
      { ...withLimit(1), features: ['a', 'b', 'c'] },
      [],
    ],
    ['an output that loses its size does not', withOutputs(scores), withOutputs(spec('scores', [-1, -1]), label), []],
  ])('%s', (_, served, next, found) => {
    const breaks = comparisonBreaks(manifestOf(served), manifestOf(next));
    expect(breaks.map(({ part, name, how }) => `${part} ${name}: ${how}`)).toEqual(found);
  });
});
