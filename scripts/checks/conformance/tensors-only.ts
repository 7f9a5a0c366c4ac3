// Sequences and optionals cannot pass through the functions that onnxruntime-web's module exports; tensors can. So a model that takes
// or gives them is extended by operators that put them together from tensors and take them apart again, inside the model.
import { create } from '@bufbuild/protobuf';
import { PopserveError } from '../../../registry/errors.ts';
import type { RawTensor } from '../../../worker/protocol/raw-frame.ts';
import { node, tensorValue } from '../../onnx/build.ts';
import type { OnnxModel } from '../../onnx/model-file.ts';
import type { GraphProto, TypeProto } from '../../onnx/onnx_pb.ts';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  TensorProtoSchema,
  TensorProto_DataType as types,
} from '../../onnx/onnx_pb.ts';
import type { Value } from './value.ts';

export interface NamedValue {
  readonly name: string;
  readonly type: TypeProto;
  readonly value: Value;
}

export interface TensorsOnly {
  readonly inputs: readonly RawTensor[];
  /** The answer that the model must give; a sequence's length and whether an optional is there are tensors of their own. */
  readonly outputs: readonly RawTensor[];
  /** Whether the model had to be changed. */
  readonly changed: boolean;
}

/**
 * States the inputs and outputs of one data set as tensors, and changes the model in place so that it takes and gives these.
 * A sequence `s` of two becomes `s/0`, `s/1` and, as an output, `s/length`; an optional `o` becomes `o/value` and `o/present`.
 */
export function toTensorsOnly(
  { graph }: OnnxModel,
  inputs: readonly NamedValue[],
  outputs: readonly NamedValue[],
): TensorsOnly {
  const changed = [...inputs, ...outputs].some(({ value }) => value.kind !== 'tensor');
  const before: GraphProto['node'] = [];
  const given = inputs.flatMap((input) => {
    if (input.value.kind === 'tensor') return [input.value.tensor];
    graph.input = graph.input.filter(({ name }) => name !== input.name);
    return compose(graph, before, input);
  });
  const wanted = outputs.flatMap(({ name, value }) => {
    if (value.kind === 'tensor') return [value.tensor];
    graph.output = graph.output.filter((output) => output.name !== name);
    return takeApart(graph, name, value);
  });
  graph.node = [...before, ...graph.node];
  return { inputs: given, outputs: wanted, changed };
}

/** Adds inputs for the tensors within `value`, and nodes that make it of them. */
function compose(graph: GraphProto, nodes: GraphProto['node'], { name, type, value }: NamedValue): RawTensor[] {
  if (value.kind === 'tensor') {
    graph.input.push(declare(name, value.tensor));
    return [{ ...value.tensor, name }];
  }
  const of = elementOf(name, type);
  if (value.kind === 'optional') {
    if (value.value === null) {
      const attribute = create(AttributeProtoSchema, {
        name: 'type',
        type: AttributeProto_AttributeType.TYPE_PROTO,
        tp: of,
      });
      nodes.push(Object.assign(node('Optional', [], [name]), { attribute: [attribute] }));
      return [];
    }
    const tensors = compose(graph, nodes, { name: `${name}/value`, type: of, value: value.value });
    nodes.push(node('Optional', [`${name}/value`], [name]));
    return tensors;
  }
  const names = value.items.map((_, index) => `${name}/${index}`);
  const tensors = value.items.flatMap((item, index) =>
    compose(graph, nodes, { name: `${name}/${index}`, type: of, value: item }),
  );
  if (names.length > 0) nodes.push(node('SequenceConstruct', names, [name]));
  else nodes.push(node('SequenceEmpty', [], [name], { dtype: { int: tensorElementType(name, of) } }));
  return tensors;
}

/** Adds nodes that take a value apart, and outputs for the tensors within it. */
function takeApart(graph: GraphProto, name: string, value: Value): RawTensor[] {
  if (value.kind === 'tensor') {
    graph.output.push(declare(name, value.tensor));
    return [{ ...value.tensor, name }];
  }
  if (value.kind === 'optional') {
    graph.node.push(node('OptionalHasElement', [name], [`${name}/present`]));
    const present = scalar(`${name}/present`, types.BOOL, new Uint8Array([value.value === null ? 0 : 1]));
    graph.output.push(declare(present.name, present));
    if (value.value === null) return [present];
    graph.node.push(node('OptionalGetElement', [name], [`${name}/value`]));
    return [present, ...takeApart(graph, `${name}/value`, value.value)];
  }
  graph.node.push(node('SequenceLength', [name], [`${name}/length`]));
  const length = scalar(`${name}/length`, types.INT64, int64(value.items.length));
  graph.output.push(declare(length.name, length));
  const items = value.items.flatMap((item, index) => {
    const position = `${name}/${index}/position`;
    graph.initializer.push(create(TensorProtoSchema, { name: position, dataType: types.INT64, rawData: int64(index) }));
    graph.node.push(node('SequenceAt', [name, position], [`${name}/${index}`]));
    return takeApart(graph, `${name}/${index}`, item);
  });
  return [length, ...items];
}

function declare(name: string, { elementType, shape }: RawTensor) {
  return tensorValue(
    name,
    elementType,
    shape.map(() => null),
  );
}

function elementOf(name: string, type: TypeProto): TypeProto {
  const of =
    type.value.case === 'sequenceType' || type.value.case === 'optionalType' ? type.value.value.elemType : undefined;
  if (!of)
    throw new PopserveError(
      'UNPROCESSABLE',
      `input '${name}': expected a sequence or optional, got ${type.value.case}`,
    );
  return of;
}

function tensorElementType(name: string, type: TypeProto): number {
  if (type.value.case === 'tensorType') return type.value.value.elemType;
  throw new PopserveError(
    'UNPROCESSABLE',
    `input '${name}': expected an empty sequence of tensors, got of ${type.value.case}`,
  );
}

function scalar(name: string, elementType: number, data: Uint8Array): RawTensor {
  return { name, elementType, shape: [], data };
}

function int64(value: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(BigInt64Array.of(BigInt(value)).buffer);
}
