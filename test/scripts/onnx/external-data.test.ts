import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { externalDataFiles } from '../../../scripts/onnx/external-data.ts';
import { readModel } from '../../../scripts/onnx/model-file.ts';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  TensorProto_DataLocation,
  TensorProto_DataType,
  TensorProtoSchema,
} from '../../../scripts/onnx/onnx_pb.ts';
import { hasZoo, zooFile } from '../../zoo/zoo.ts';

const dataType = TensorProto_DataType.FLOAT;

function external(name: string, location: string) {
  return create(TensorProtoSchema, {
    name,
    dims: [1n],
    dataType,
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: [
      { key: 'offset', value: '0' },
      { key: 'location', value: location },
    ],
  });
}

function modelWith(initializers: ReturnType<typeof external>[], nodes = [node('Identity', ['w'], ['y'])]) {
  const outputs = [tensorValue('y', dataType, [1])];
  return model({ name: 'm', opsets: { '': 17 }, inputs: [], outputs, nodes, initializers });
}

describe('the external data files of a model', () => {
  it('are none for a model of one file', () => {
    const inline = create(TensorProtoSchema, { name: 'w', dims: [1n], dataType, floatData: [1] });
    expect(externalDataFiles(modelWith([inline]))).toEqual([]);
  });

  it('are named once each, in order', () => {
    const weights = [external('w', 'b.bin'), external('v', 'a.bin'), external('u', 'b.bin')];
    expect(externalDataFiles(modelWith(weights))).toEqual(['b.bin', 'a.bin']);
  });

  it('are found in attributes and in subgraphs', () => {
    const constant = node('Constant', [], ['w'], { value: { tensor: external('', 'constant.bin') } });
    const subgraph = create(GraphProtoSchema, { initializer: [external('x', 'branch.bin')] });
    const branch = node('If', ['w'], ['y']);
    branch.attribute.push(
      create(AttributeProtoSchema, { name: 'then_branch', type: AttributeProto_AttributeType.GRAPH, g: subgraph }),
    );
    expect(externalDataFiles(modelWith([], [constant, branch]))).toEqual(['constant.bin', 'branch.bin']);
  });

  it.skipIf(!hasZoo)('are reported as stated, however they point', () => {
    expect(externalDataFiles(readModel(zooFile('hostile', 'external_data_traversal.onnx')))).toEqual([
      '../../../../etc/passwd',
    ]);
  });
});
