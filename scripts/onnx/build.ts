// Short forms for writing ONNX models in code: tensor types, nodes and their attributes.
import { create } from '@bufbuild/protobuf';
import type { OnnxModel } from './model-file.ts';
import type { AttributeProto, GraphProto, NodeProto, TensorProto, TypeProto, ValueInfoProto } from './onnx_pb.ts';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProto_DataType,
  TensorProtoSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from './onnx_pb.ts';

/** The domain of the classical machine-learning operators; those of the default domain have ''. */
export const mlDomain = 'ai.onnx.ml';

/** A number is a fixed dimension, a string a named variable one, null an unknown one. */
export type Dimension = number | bigint | string | null;

export type AttributeValue =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly string: string }
  | { readonly strings: readonly string[] }
  | { readonly tensor: TensorProto }
  | { readonly graph: GraphProto };

export function tensorType(elemType: number, shape: readonly Dimension[]): TypeProto {
  const dim = shape.map((size) => ({ value: dimensionValue(size) }));
  return create(TypeProtoSchema, { value: { case: 'tensorType', value: { elemType, shape: { dim } } } });
}

/** An input or output of a graph. */
export function tensorValue(name: string, elemType: number, shape: readonly Dimension[]): ValueInfoProto {
  return create(ValueInfoProtoSchema, { name, type: tensorType(elemType, shape) });
}

/**
 * @example node('Concat', ['a', 'b'], ['c'], { axis: { int: 1 } })
 */
export function node(
  opType: string,
  input: string[],
  output: string[],
  attributes: Record<string, AttributeValue> = {},
  domain = '',
): NodeProto {
  const attribute = Object.entries(attributes).map(([name, value]) => attributeOf(name, value));
  return create(NodeProtoSchema, { opType, input, output, attribute, ...(domain === '' ? {} : { domain }) });
}

/** A constant of a graph, FP32. */
export function floats(name: string, dims: readonly number[], values: ArrayLike<number>): TensorProto {
  return constant(name, dims, TensorProto_DataType.FLOAT, Float32Array.from(values));
}

/** A constant of a graph, INT64. */
export function integers(name: string, dims: readonly number[], values: readonly number[]): TensorProto {
  return constant(name, dims, TensorProto_DataType.INT64, BigInt64Array.from(values, BigInt));
}

export function model(parts: {
  readonly name: string;
  /** Version of each operator domain; '' is the default one. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly inputs: ValueInfoProto[];
  readonly outputs: ValueInfoProto[];
  readonly nodes: NodeProto[];
  readonly initializers?: TensorProto[];
  readonly metadata?: Readonly<Record<string, string>>;
  readonly irVersion?: number;
}): OnnxModel {
  const graph = create(GraphProtoSchema, {
    name: parts.name,
    input: parts.inputs,
    output: parts.outputs,
    node: parts.nodes,
    initializer: parts.initializers ?? [],
  });
  const built = create(ModelProtoSchema, {
    irVersion: BigInt(parts.irVersion ?? 8),
    opsetImport: Object.entries(parts.opsets).map(([domain, version]) => ({ domain, version: BigInt(version) })),
    metadataProps: Object.entries(parts.metadata ?? {}).map(([key, value]) => ({ key, value })),
    producerName: 'popserve',
  });
  return Object.assign(built, { graph });
}

function constant(
  name: string,
  dims: readonly number[],
  dataType: TensorProto_DataType,
  { buffer }: Float32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>,
): TensorProto {
  return create(TensorProtoSchema, { name, dims: dims.map(BigInt), dataType, rawData: new Uint8Array(buffer) });
}

function attributeOf(name: string, value: AttributeValue): AttributeProto {
  const type = AttributeProto_AttributeType;
  if ('int' in value) return create(AttributeProtoSchema, { name, type: type.INT, i: BigInt(value.int) });
  if ('ints' in value) return create(AttributeProtoSchema, { name, type: type.INTS, ints: value.ints.map(BigInt) });
  if ('float' in value) return create(AttributeProtoSchema, { name, type: type.FLOAT, f: value.float });
  if ('floats' in value) return create(AttributeProtoSchema, { name, type: type.FLOATS, floats: [...value.floats] });
  if ('string' in value) return create(AttributeProtoSchema, { name, type: type.STRING, s: utf8(value.string) });
  if ('strings' in value) {
    return create(AttributeProtoSchema, { name, type: type.STRINGS, strings: value.strings.map(utf8) });
  }
  if ('graph' in value) return create(AttributeProtoSchema, { name, type: type.GRAPH, g: value.graph });
  return create(AttributeProtoSchema, { name, type: type.TENSOR, t: value.tensor });
}

function dimensionValue(size: Dimension) {
  if (size === null) return { case: undefined };
  if (typeof size === 'string') return { case: 'dimParam' as const, value: size };
  return { case: 'dimValue' as const, value: BigInt(size) };
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
