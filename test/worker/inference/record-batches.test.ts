// Records whose answers must not be cut up by chance, through the whole Worker: what belongs to no single record, inputs that all records
// share, inputs with a default. Each version says which axis counts records, as publishing finds it out (test/scripts/publish/batch-axis.test.ts).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../../registry/manifest.ts';
import type { Signature } from '../../../registry/signature.ts';
import { floats, integers, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import type { NodeProto, TensorProto } from '../../../scripts/onnx/onnx_pb.ts';
import { elementTypeOf } from '../../../worker/protocol/element-type.ts';
import { TestPop } from '../../harness/pop.ts';
import { publication } from '../../harness/small-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start();
  for (const [name, { signature, nodes, initializers = [], zeroSizes = [] }] of Object.entries(models)) {
    const values = (specs: Signature['inputs']) =>
      specs.map(({ name: value, datatype, shape }) =>
        tensorValue(
          value,
          elementTypeOf(datatype),
          shape.map((size) => (size === -1 ? null : size)),
        ),
      );
    const inputs = values([...signature.inputs, ...(signature.optionalInputs ?? [])]);
    const built = model({
      ...{ name, opsets: { '': 17 }, inputs, outputs: values(signature.outputs), nodes, initializers },
    });
    await pop.release(publication(name, '1', built, signature, { zeroSizes }));
  }
});
afterAll(() => pop.stop());

interface Served {
  readonly signature: Signature;
  readonly nodes: NodeProto[];
  readonly initializers?: TensorProto[];
  readonly zeroSizes?: NonNullable<Manifest['zeroSizes']>;
}

const fp32 = (name: string, shape: number[]) => ({ name, datatype: 'FP32' as const, shape });
const int64 = (name: string, shape: number[]) => ({ name, datatype: 'INT64' as const, shape });
const none = { size: 1, inputs: [], outputs: [] };

const detector: Served = {
  signature: {
    inputs: [fp32('boxes', [-1, -1, 4]), fp32('scores', [-1, 1, -1])],
    outputs: [int64('found', [-1, 3])],
    batch: none,
  },
  nodes: [node('NonMaxSuppression', ['boxes', 'scores', 'most', '', 'least'], ['found'])],
  initializers: [integers('most', [1], [5]), floats('least', [1], [0.5])],
};

const models: Record<string, Served> = {
  detector,
  mean: {
    signature: {
      inputs: [fp32('x', [-1, 2])],
      outputs: [fp32('y', [-1, 2]), fp32('mean', [2])],
      batch: { size: -1, inputs: ['x'], outputs: ['y'] },
    },
    nodes: [
      node('Identity', ['x'], ['y']),
      node('ReduceMean', ['x'], ['mean'], { axes: { ints: [0] }, keepdims: { int: 0 } }),
    ],
  },
  list: {
    signature: { inputs: [fp32('x', [-1])], outputs: [fp32('sums', [-1])], batch: none },
    nodes: [node('CumSum', ['x', 'axis'], ['sums'])],
    initializers: [integers('axis', [], [0])],
  },
  state: {
    signature: {
      inputs: [fp32('x', [-1, 2]), fp32('state', [2, -1, 2])],
      outputs: [fp32('next', [2, -1, 2])],
      batch: none,
    },
    nodes: [node('Add', ['x', 'state'], ['next'])],
  },
  past: {
    signature: {
      inputs: [fp32('x', [-1, 2, -1, 2]), fp32('past', [-1, 2, -1, 2])],
      outputs: [fp32('present', [-1, 2, -1, 2])],
      batch: { size: -1, inputs: ['x', 'past'], outputs: ['present'] },
    },
    nodes: [node('Concat', ['past', 'x'], ['present'], { axis: { int: 2 } })],
    zeroSizes: [[{ input: 'past', axis: 2 }]],
  },
  scaled: {
    signature: {
      inputs: [fp32('x', [-1]), fp32('factor', [])],
      outputs: [fp32('y', [-1])],
      batch: { size: -1, inputs: ['x'], outputs: ['y'] },
    },
    nodes: [node('Mul', ['x', 'factor'], ['y'])],
  },
  threshold: {
    signature: {
      inputs: [fp32('score', [-1])],
      outputs: [{ name: 'hit', datatype: 'BOOL', shape: [-1] }],
      optionalInputs: [fp32('threshold', [1])],
      batch: { size: -1, inputs: ['score'], outputs: ['hit'] },
    },
    nodes: [node('Greater', ['score', 'threshold'], ['hit'])],
    initializers: [floats('threshold', [1], [0.5])],
  },
  pair: {
    signature: {
      inputs: [fp32('x', [2, 2])],
      outputs: [fp32('y', [2, 2])],
      batch: { size: 2, inputs: ['x'], outputs: ['y'] },
    },
    nodes: [node('Neg', ['x'], ['y'])],
  },
  // As published before versions said which axis counts records.
  'older-detector': {
    ...detector,
    signature: { inputs: detector.signature.inputs, outputs: detector.signature.outputs },
  },
};

async function ask(name: string, instances: object[]) {
  const answer = await pop.send('POST', `/v2/models/${name}/infer`, { instances });
  const body = answer.json<{ predictions?: Record<string, unknown>[]; error?: string }>();
  return { status: answer.status, predictions: body.predictions, error: body.error };
}

async function predict(name: string, body: object) {
  const answer = await pop.send('POST', `/v1/models/${name}:predict`, body);
  return { status: answer.status, ...answer.json<{ predictions?: unknown[]; outputs?: unknown; error?: string }>() };
}

const boxes = [
  [0, 0, 1, 1],
  [5, 5, 6, 6],
];
const picture = (...scores: number[]) => ({ boxes, scores: [scores] });

describe('findings', () => {
  it('of several pictures are not shared out among them, however many there are', async () => {
    for (const pictures of [
      [picture(0.9, 0.8), picture(0.1, 0.2)],
      [picture(0.9, 0.1), picture(0.1, 0.8)],
      [picture(0.1, 0.1), picture(0.1, 0.1)],
    ]) {
      const { status, error } = await ask('detector', pictures);
      expect([status, error]).toEqual([
        400,
        "output 'found': [-1,3] has no row for each of 2 records; ask with tensors, or send one record",
      ]);
    }
  });

  it('of one picture have one form, however many there are', async () => {
    expect((await ask('detector', [picture(0.1, 0.2)])).predictions).toEqual([{ found: [] }]);
    expect((await ask('detector', [picture(0.9, 0.2)])).predictions).toEqual([{ found: [[0, 0, 0]] }]);
    expect((await ask('detector', [picture(0.9, 0.8)])).predictions).toEqual([
      {
        found: [
          [0, 0, 0],
          [0, 0, 1],
        ],
      },
    ]);
  });

  it('are the same in the row format, and whole in the column format', async () => {
    expect(await predict('detector', { instances: [picture(0.9, 0.2)] })).toEqual({
      status: 200,
      predictions: [[[0, 0, 0]]],
    });
    const two = await predict('detector', { instances: [picture(0.9, 0.8), picture(0.1, 0.1)] });
    expect([two.status, two.error]).toEqual([
      400,
      "output 'found': [-1,3] has no row for each of 2 records; ask with 'inputs', or send one record",
    ]);
    const inputs = { boxes: [boxes, boxes], scores: [[[0.1, 0.2]], [[0.9, 0.1]]] };
    expect(await predict('detector', { inputs })).toEqual({ status: 200, outputs: [[1, 0, 0]] });
  });

  it('of a version that does not say which axis counts records are refused before they are cut wrongly', async () => {
    const { status, error } = await ask('older-detector', [picture(0.9, 0.8), picture(0.1, 0.2), picture(0.1, 0.2)]);
    expect(status).toBe(400);
    expect(error).toContain("output 'found': [2,3] has no row for each of 3 records; ask with tensors");
  });
});

describe('an output that speaks of all records together', () => {
  it('is refused to several, and whole for one', async () => {
    const records = [{ x: [1, 2] }, { x: [3, 4] }];
    const { status, error } = await ask('mean', records);
    expect([status, error]).toEqual([
      400,
      "output 'mean': [2] has no row for each of 2 records; ask with tensors, or send one record",
    ]);
    expect((await predict('mean', { instances: records })).error).toContain("ask with 'inputs'");
    expect((await ask('mean', records.slice(0, 1))).predictions).toEqual([{ y: [1, 2], mean: [1, 2] }]);
  });
});

describe('a model without an axis for records', () => {
  it('takes whole inputs from one record, in every form', async () => {
    expect((await ask('list', [{ x: [1, 2, 3] }])).predictions).toEqual([{ sums: [1, 3, 6] }]);
    expect((await ask('list', [{ x: 4 }])).predictions).toEqual([{ sums: [4] }]);
    expect(await predict('list', { instances: [[1, 2, 3]] })).toEqual({ status: 200, predictions: [[1, 3, 6]] });
    const question = await pop.send('GET', '/v2/models/list/infer?x=1,2,3');
    expect(question.json<{ predictions: unknown }>().predictions).toEqual([{ sums: [1, 3, 6] }]);
    expect((await ask('list', [{ x: [1] }, { x: [2] }])).error).toContain(
      "output 'sums': [-1] has no row for each of 2",
    );
  });

  it('keeps the state of one call apart from the others', async () => {
    const state = [[[1, 2]], [[3, 4]]];
    const next = [[[11, 12]], [[13, 14]]];
    expect((await ask('state', [{ x: [10, 10], state }])).predictions).toEqual([{ next }]);
    expect(
      (
        await ask('state', [
          { x: [10, 10], state: [[1, 2]] },
          { x: [20, 20], state: [[3, 4]] },
        ])
      ).status,
    ).toBe(400);
  });

  it('or with exactly two records takes two', async () => {
    expect((await ask('pair', [{ x: [1, 2] }, { x: [3, 4] }])).predictions).toEqual([{ y: [-1, -2] }, { y: [-3, -4] }]);
    expect((await ask('pair', [{ x: [1, 2] }])).error).toBe('the model takes 2 records at a time, got 1');
  });
});

describe('an empty value', () => {
  it('has the dimensions that the signature gives it behind its own', async () => {
    const x = [[[1, 2]], [[3, 4]]];
    expect(await ask('past', [{ x, past: [[], []] }])).toEqual({ status: 200, predictions: [{ present: x }] });
    expect((await predict('past', { instances: [{ x, past: [[], []] }] })).predictions).toEqual([x]);
    expect((await predict('past', { inputs: { x: [x], past: [[[], []]] } })).outputs).toEqual([x]);
  });
});

describe('an input that all records share', () => {
  it('is given by each, and must be the same', async () => {
    const records = [
      { x: 1, factor: 3 },
      { x: 2, factor: 3 },
    ];
    expect((await ask('scaled', records)).predictions).toEqual([{ y: 3 }, { y: 6 }]);
    const { status, error } = await ask('scaled', [records[0] ?? {}, { x: 2, factor: 4 }]);
    expect(status).toBe(400);
    expect(error).toBe("instances[1]: 'factor' differs from instances[0]; it is one value for the whole request");
    expect((await ask('scaled', [{ x: 1 }])).error).toContain("feature 'factor' is missing");
  });
});

describe('an input with a default', () => {
  const hits = async (answer: Promise<{ predictions?: unknown }>) => (await answer).predictions;
  const tensor = (name: string, values: number[]) => ({ name, datatype: 'FP32', shape: [values.length], data: values });

  it.each([
    ['left out', {}, true],
    ['higher', { threshold: 0.9 }, false],
    ['lower, as a list', { threshold: [0.1] }, true],
  ])('is taken in every form: %s', async (_, given, hit) => {
    const record = { score: 0.7, ...given };
    expect(await hits(ask('threshold', [record]))).toEqual([{ hit }]);
    expect(await hits(predict('threshold', { instances: [record] }))).toEqual([hit]);
    const columns = Object.fromEntries(Object.entries(record).map(([name, value]) => [name, [value].flat()]));
    expect((await predict('threshold', { inputs: columns })).outputs).toEqual([hit]);
    const query = new URLSearchParams(
      Object.entries(record).map(([name, value]): [string, string] => [name, String(value)]),
    );
    const question = await pop.send('GET', `/v2/models/threshold/infer?${query}`);
    expect(question.json<{ predictions: unknown }>().predictions).toEqual([{ hit }]);
    const inputs = Object.entries(columns).map(([name, values]) => tensor(name, values as number[]));
    const tensors = await pop.send('POST', '/v2/models/threshold/infer', { inputs });
    expect(tensors.json<{ outputs: { data: unknown }[] }>().outputs[0]?.data).toEqual([hit]);
  });

  it('is taken as binary data', async () => {
    const head = new TextEncoder().encode(
      JSON.stringify({
        inputs: ['threshold', 'score'].map((name) => ({
          ...{ name, datatype: 'FP32', shape: [1], parameters: { binary_data_size: 4 } },
        })),
      }),
    );
    const values = new Uint8Array(Float32Array.of(0.9, 0.7).buffer);
    const answer = await pop.send('POST', '/v2/models/threshold/infer', new Uint8Array([...head, ...values]), {
      'inference-header-content-length': String(head.length),
    });
    expect(answer.json<{ outputs: { data: unknown }[] }>().outputs[0]?.data).toEqual([false]);
  });

  it('is not an answer that was kept without it', async () => {
    for (const [query, hit] of [
      ['score=0.7', true],
      ['score=0.7&threshold=0.9', false],
      ['score=0.7', true],
    ] as const) {
      const answer = await pop.send('GET', `/v2/models/threshold/infer?${query}`);
      expect(answer.json<{ predictions: unknown }>().predictions).toEqual([{ hit }]);
    }
  });

  it('is checked like any other, and holds for all records of a request', async () => {
    const records = [{ score: 0.7, threshold: 0.9 }, { score: 0.95 }];
    expect((await ask('threshold', records)).error).toBe(
      "instances[1]: 'threshold' is missing, but instances[0] has it: give it in every record of a request, or in none",
    );
    const differing = [records[0] ?? {}, { score: 0.95, threshold: 0.1 }];
    expect((await ask('threshold', differing)).error).toContain("instances[1]: 'threshold' differs from instances[0]");
    const same = records.map(({ score }) => ({ score, threshold: 0.9 }));
    expect((await ask('threshold', same)).predictions).toEqual([{ hit: false }, { hit: true }]);
    expect((await ask('threshold', [{ score: 0.7, threshold: 'high' }])).status).toBe(400);
    expect((await predict('threshold', { inputs: { score: [0.7], threshold: [0.1, 0.2] } })).error).toContain(
      "input 'threshold': expected FP32 [1], got FP32 [2]",
    );
    expect((await ask('threshold', [{ threshold: 0.9 }])).error).toContain("feature 'score' is missing");
    const unknown = await predict('threshold', { inputs: { score: [0.7], limit: [1] } });
    expect(unknown.error).toBe("input 'limit': not an input of the model, which has 'score', 'threshold'");
  });
});

it('a batch is as large as it has records, whatever order its inputs come in', async () => {
  const inputs = [
    { name: 'factor', datatype: 'FP32', shape: [], data: [2] },
    { name: 'x', datatype: 'FP32', shape: [3], data: [1, 2, 3] },
  ];
  const count = async () => {
    const { model_stats } = (await pop.send('GET', '/v2/models/scaled/stats')).json<{
      model_stats: { inference_count: number }[];
    }>();
    return model_stats[0]?.inference_count ?? 0;
  };
  const before = await count();
  await pop.send('POST', '/v2/models/scaled/infer', { inputs });
  expect(await count()).toBe(before + 3);
});
