import { create } from '@bufbuild/protobuf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { type AttributeValue, mlDomain, model, node, tensorType, tensorValue } from '../../../scripts/onnx/build.ts';
import { type OnnxModel, readModel, writeModel } from '../../../scripts/onnx/model-file.ts';
import { TensorProto_DataType, TypeProtoSchema, ValueInfoProtoSchema } from '../../../scripts/onnx/onnx_pb.ts';
import { findZipMaps, stripZipMap } from '../../../scripts/onnx/zip-map.ts';
import { linearClassifier } from '../../harness/small-models.ts';
import { hasZoo, zooFile, zooJson } from '../../zoo/zoo.ts';

const { FLOAT, INT64 } = TensorProto_DataType;

const intLabels: AttributeValue = { ints: [0, 1] };

/** Label and map of a linear classifier of two classes, as exporters write it; `extraOutputs` are further graph outputs. */
function classifier(labels: Record<string, AttributeValue>, extraOutputs: string[] = []): OnnxModel {
  const linear = linearClassifier({ classlabels_ints: intLabels });
  const map = create(TypeProtoSchema, {
    value: {
      case: 'sequenceType',
      value: {
        elemType: {
          value: { case: 'mapType', value: { keyType: INT64, valueType: tensorType(FLOAT, []) } },
        },
      },
    },
  });
  return model({
    name: 'classifier',
    opsets: { [mlDomain]: 1 },
    inputs: [tensorValue('x', FLOAT, ['n', 2])],
    outputs: [
      tensorValue('label', INT64, ['n']),
      create(ValueInfoProtoSchema, { name: 'probabilities', type: map }),
      ...extraOutputs.map((name) => tensorValue(name, FLOAT, ['n', 2])),
    ],
    nodes: [linear, node('ZipMap', ['scores'], ['probabilities'], labels, mlDomain)],
  });
}

async function run(stripped: OnnxModel, feeds: Record<string, Tensor>) {
  const session = await InferenceSession.create(writeModel(stripped), { logSeverityLevel: 3 });
  try {
    return { outputs: await session.run(feeds), metadata: session.outputMetadata };
  } finally {
    await session.release();
  }
}

function numbers(tensor: Tensor | undefined): number[] {
  return Array.from((tensor?.data ?? []) as ArrayLike<number | bigint>, Number);
}

const twoRows = () => ({ x: new Tensor('float32', [1, 0, -1, 0], [2, 2]) });

describe('stripping ZipMap', () => {
  it('hands out the probabilities under the name of the map, typed as a tensor', async () => {
    const stripped = classifier({ classlabels_int64s: intLabels });
    expect(stripZipMap(stripped)).toEqual({ probabilities: [0, 1] });
    const { outputs, metadata } = await run(stripped, twoRows());
    expect(Object.keys(outputs)).toEqual(['label', 'probabilities']);
    expect(outputs.probabilities?.dims).toEqual([2, 2]);
    const [first, second] = numbers(outputs.probabilities);
    expect(Number(first) + Number(second)).toBeCloseTo(1, 6);
    expect(metadata[1]).toMatchObject({ name: 'probabilities', type: 'float32', shape: ['n', 2] });
    expect(stripped.graph.node.map(({ opType }) => opType)).toEqual(['LinearClassifier']);
    // In the file itself, not only as the runtime infers it.
    expect(stripped.graph.output[1]?.type).toEqual(tensorType(FLOAT, ['n', 2]));
  });

  it('returns string labels as text and integers beyond 2^53 as decimal text', () => {
    const labels = { classlabels_strings: { strings: ['läuft', 'failed'] } };
    expect(stripZipMap(classifier(labels))).toEqual({ probabilities: ['läuft', 'failed'] });
    const large = classifier({ classlabels_int64s: intLabels });
    const attribute = large.graph.node[1]?.attribute[0];
    if (attribute) attribute.ints = [2n ** 60n, 1n];
    expect(stripZipMap(large)).toEqual({ probabilities: ['1152921504606846976', 1] });
  });

  it('keeps a tensor that is an output itself under its own name as well', async () => {
    const stripped = classifier({ classlabels_int64s: intLabels }, ['scores']);
    stripZipMap(stripped);
    const { outputs } = await run(stripped, twoRows());
    expect(outputs.probabilities?.data).toEqual(outputs.scores?.data);
    // The node that passes it on is of the default domain, which this model did not import (onnxruntime lets that pass, ONNX does not).
    expect(stripped.opsetImport.map(({ domain }) => domain)).toEqual([mlDomain, '']);
  });

  it('serves two maps of one tensor', async () => {
    const twice = classifier({ classlabels_int64s: intLabels }, ['again']);
    const again = twice.graph.output[2];
    const map = twice.graph.output[1]?.type;
    if (again && map) again.type = map;
    twice.graph.node.push(node('ZipMap', ['scores'], ['again'], { classlabels_int64s: intLabels }, mlDomain));
    expect(Object.keys(stripZipMap(twice))).toEqual(['probabilities', 'again']);
    const { outputs } = await run(twice, twoRows());
    expect(outputs.again?.data).toEqual(outputs.probabilities?.data);
  });

  it('leaves a model without one as it is', () => {
    const plain = classifier({ classlabels_int64s: intLabels });
    stripZipMap(plain);
    const before = writeModel(plain);
    expect(findZipMaps(plain)).toEqual([]);
    expect(stripZipMap(plain)).toEqual({});
    expect(writeModel(plain)).toEqual(before);
  });
});

interface GoldenCase {
  inputs: Record<string, { dtype: 'float32' | 'string'; shape: number[]; data: (number | string)[] }>;
  outputs: Record<string, { data: number[] }>;
  non_tensor_outputs: { probabilities: { data: Record<string, number>[] } };
}

describe.skipIf(!hasZoo)('real models with a ZipMap', () => {
  it.each([
    ['logreg-iris-zipmap', 'rows_0_60_120', 'label', [0, 1, 2]],
    ['ai4i-failure-zipmap', 'mixed', 'failure', [0, 1]],
  ])('%s gives the labels and probabilities of the original', async (name, caseName, labelOutput, labels) => {
    const golden = zooJson<GoldenCase>(name, 'golden', `${caseName}.json`);
    const stripped = readModel(zooFile(name, 'model.onnx'));
    expect(stripZipMap(stripped)).toEqual({ probabilities: labels });
    const feeds = Object.entries(golden.inputs).map(([input, { dtype, shape, data }]) => {
      const tensor =
        dtype === 'string' ? new Tensor(data.map(String), shape) : new Tensor(dtype, data.map(Number), shape);
      return [input, tensor] as const;
    });
    const { outputs } = await run(stripped, Object.fromEntries(feeds));
    expect(numbers(outputs[labelOutput])).toEqual(golden.outputs[labelOutput]?.data);
    const probabilities = golden.non_tensor_outputs.probabilities.data.flatMap((row) => labels.map((key) => row[key]));
    expect(outputs.probabilities?.dims).toEqual([3, labels.length]);
    for (const [index, value] of numbers(outputs.probabilities).entries()) {
      expect(value).toBeCloseTo(probabilities[index] ?? Number.NaN, 6);
    }
  });
});
