// A graph to the bytes of a `.tflite` file. The byte layer is the `flatbuffers` package; the slots of the tables are in schema.ts.
import { Builder, type Offset } from 'flatbuffers';
import { type Operator, type OptionsTable, type OptionValues, operators, tensorTypes } from './schema.ts';
import type { NamedTensor, Quantisation, TargetGraph, TargetOperator, TargetTensor } from './target-graph.ts';

/** Constants are mapped where they lie: XNNPACK reads them in 16-byte steps. */
const dataAlignment = 16;
const schemaVersion = 3;
/** Older readers look for a code of 7 bits in a field of its own. */
const mostOldCode = 127;

/** The same graph gives the same bytes. */
export function writeTflite(graph: TargetGraph): Uint8Array<ArrayBuffer> {
  const builder = new Builder(sizeOf(graph));
  const constants = graph.tensors.flatMap(({ data }) => (data === null ? [] : [data]));
  // Buffer 0 is the empty one that every tensor without data names.
  const buffers = [writeBuffer(builder, null), ...constants.map((data) => writeBuffer(builder, data))];
  let nextBuffer = 1;
  const tensors = graph.tensors.map((tensor) => writeTensor(builder, tensor, tensor.data === null ? 0 : nextBuffer++));
  const codes = [...new Set(graph.operators.map(({ operator }) => operator))];
  const operatorList = graph.operators.map((each) => writeOperator(builder, each, codes.indexOf(each.operator)));
  const subgraph = table(builder, 5, [
    offset(0, offsets(builder, tensors)),
    offset(
      1,
      int32s(
        builder,
        graph.inputs.map(({ tensor }) => tensor),
      ),
    ),
    offset(
      2,
      int32s(
        builder,
        graph.outputs.map(({ tensor }) => tensor),
      ),
    ),
    offset(3, offsets(builder, operatorList)),
  ]);
  const operatorCodes = codes.map((name) => {
    const { code } = operators[name];
    return table(builder, 4, [int8(0, Math.min(code, mostOldCode)), int32(2, 1), int32(3, code)]);
  });
  const model = table(builder, 8, [
    int32(0, schemaVersion),
    offset(1, offsets(builder, operatorCodes)),
    offset(2, offsets(builder, [subgraph])),
    offset(4, offsets(builder, buffers)),
    offset(7, offsets(builder, [writeSignature(builder, graph)])),
  ]);
  builder.finish(model, 'TFL3');
  return builder.asUint8Array().slice() as Uint8Array<ArrayBuffer>;
}

function sizeOf({ tensors }: TargetGraph): number {
  return tensors.reduce((bytes, { data }) => bytes + (data?.length ?? 0) + 256, 4096);
}

function writeBuffer(builder: Builder, data: Uint8Array | null): Offset {
  if (data === null) return table(builder, 1, []);
  builder.prep(dataAlignment, data.length);
  return table(builder, 1, [offset(0, builder.createByteVector(data))]);
}

function writeTensor(builder: Builder, tensor: TargetTensor, buffer: number): Offset {
  const { name, shape, type, quantisation } = tensor;
  return table(builder, 9, [
    offset(0, int32s(builder, shape)),
    int8(1, tensorTypes[type]),
    int32(2, buffer),
    offset(3, builder.createString(name)),
    ...(quantisation === null ? [] : [offset(4, writeQuantisation(builder, quantisation))]),
    int8(8, 1),
  ]);
}

function writeQuantisation(builder: Builder, { scales, zeroPoints, dimension }: Quantisation): Offset {
  return table(builder, 7, [
    offset(2, float32s(builder, scales)),
    offset(3, int64s(builder, zeroPoints)),
    int32(6, dimension),
  ]);
}

function writeOperator(builder: Builder, { operator, inputs, outputs, options }: TargetOperator, code: number): Offset {
  const described: Operator = operators[operator];
  return table(builder, 5, [
    int32(0, code),
    offset(1, int32s(builder, inputs)),
    offset(2, int32s(builder, outputs)),
    ...(described.options === undefined
      ? []
      : [int8(3, described.options.union), offset(4, writeOptions(builder, described.options, options))]),
  ]);
}

function writeOptions(builder: Builder, { slots, fields }: OptionsTable, values: OptionValues): Offset {
  const written = Object.entries(values).map(([name, value]): Field => {
    const field = fields[name];
    if (field === undefined) throw new Error(`the options have no '${name}'`);
    const { slot, type, otherwise = 0 } = field;
    if (typeof value !== 'number') return offset(slot, int32s(builder, value));
    if (type === 'int8') return int8(slot, value, otherwise);
    return type === 'int32' ? int32(slot, value, otherwise) : float32(slot, value);
  });
  return table(builder, slots, written);
}

function writeSignature(builder: Builder, { inputs, outputs }: TargetGraph): Offset {
  const maps = (named: readonly NamedTensor[]) =>
    offsets(
      builder,
      named.map(({ name, tensor }) => table(builder, 2, [offset(0, builder.createString(name)), int32(1, tensor)])),
    );
  return table(builder, 5, [
    offset(0, maps(inputs)),
    offset(1, maps(outputs)),
    offset(2, builder.createString('serving_default')),
  ]);
}

/** Adds one field of the table that is open. */
type Field = (builder: Builder) => void;

const int8 =
  (slot: number, value: number, otherwise = 0): Field =>
  (builder) =>
    builder.addFieldInt8(slot, value, otherwise);
const int32 =
  (slot: number, value: number, otherwise = 0): Field =>
  (builder) =>
    builder.addFieldInt32(slot, value, otherwise);
const float32 =
  (slot: number, value: number): Field =>
  (builder) =>
    builder.addFieldFloat32(slot, value, 0);
const offset =
  (slot: number, value: Offset): Field =>
  (builder) =>
    builder.addFieldOffset(slot, value, 0);

function table(builder: Builder, slots: number, fields: readonly Field[]): Offset {
  builder.startObject(slots);
  for (const add of fields) add(builder);
  return builder.endObject();
}

/** Vectors are written from their end. */
function vector<T>(builder: Builder, bytes: number, values: readonly T[], add: (value: T) => void): Offset {
  builder.startVector(bytes, values.length, bytes);
  for (const value of values.toReversed()) add(value);
  return builder.endVector();
}

function offsets(builder: Builder, values: readonly Offset[]): Offset {
  return vector(builder, 4, values, (value) => builder.addOffset(value));
}

function int32s(builder: Builder, values: readonly number[]): Offset {
  return vector(builder, 4, values, (value) => builder.addInt32(value));
}

function int64s(builder: Builder, values: readonly number[]): Offset {
  return vector(builder, 8, values, (value) => builder.addInt64(BigInt(value)));
}

function float32s(builder: Builder, values: readonly number[]): Offset {
  return vector(builder, 4, values, (value) => builder.addFloat32(value));
}
