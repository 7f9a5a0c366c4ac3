// Inputs that a model has a default for: from IR 4 on, an initializer with the name of a graph input is its default value, which a
// caller may override. The runtime does not list them, but takes them.
// @see https://github.com/onnx/onnx/blob/main/docs/IR.md#graphs
import type { TensorSpec } from '../../registry/signature.ts';
import { datatypeOf } from '../../worker/protocol/element-type.ts';
import { elementsOf, type NumericDatatype } from '../../worker/protocol/elements.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { InspectionError } from '../inspect/inspector.ts';
import { decodeTensor } from '../inspect/tensor-proto.ts';
import type { WasmModel } from '../inspect/wasm-model.ts';
import type { OnnxModel } from '../onnx/model-file.ts';
import type { TensorProto, ValueInfoProto } from '../onnx/onnx_pb.ts';
import type { Sample } from './samples.ts';

export interface DefaultInputs {
  readonly specs: readonly TensorSpec[];
  /** Samples that give these inputs, so that what is served is seen to take them. */
  readonly samples: readonly Sample[];
  readonly notes: readonly string[];
}

interface DefaultInput {
  readonly spec: TensorSpec;
  readonly value: TensorProto;
}

const firstWithDefaults = 4n;
/** Values are tried up to this size together: what is larger is weights that an exporter listed as inputs. */
const mostBytesTried = 1 << 20;

/** @param samples of the required inputs, with the model's answers */
export async function findDefaultInputs(
  onnx: OnnxModel | null,
  model: Pick<WasmModel, 'run'>,
  samples: readonly Sample[],
): Promise<DefaultInputs> {
  const found = onnx === null ? [] : declaredDefaults(onnx);
  const [sample] = samples;
  const specs = found.map(({ spec }) => spec);
  if (found.length === 0) return { specs, samples: [], notes: [] };
  if (sample === undefined) return { specs, samples: [], notes: [describe(specs)] };
  const given = smallValues(found);
  const withDefaults = await sampleWith(model, sample, given);
  const withOthers = await sampleWith(model, sample, given.map(otherValue));
  return { specs, samples: [withDefaults, withOthers].filter((each) => each !== null), notes: [describe(specs)] };
}

const mostNamed = 8;

function describe(specs: readonly TensorSpec[]): string {
  const names = specs.slice(0, mostNamed).map(({ name }) => `'${name}'`);
  const more = specs.length > mostNamed ? ` and ${specs.length - mostNamed} more` : '';
  return `a request may leave out ${names.join(', ')}${more}: the model has a default`;
}

function declaredDefaults({ graph, irVersion }: OnnxModel): DefaultInput[] {
  if (irVersion < firstWithDefaults) return [];
  const values = new Map(graph.initializer.map((value) => [value.name, value]));
  return graph.input.flatMap((input) => {
    const value = values.get(input.name);
    const datatype = value === undefined ? null : datatypeOf(value.dataType);
    if (value === undefined || datatype === null) return [];
    return [{ spec: { name: input.name, datatype, shape: takenShape(input, value) }, value }];
  });
}

/** A variable dimension takes the size that the default has, the only one that is tried, unless that is empty. */
function takenShape(input: ValueInfoProto, { dims }: TensorProto): number[] {
  const sizes = dims.map(Number);
  return (declaredShape(input) ?? sizes).map((size, axis) => (size === -1 ? sizes[axis] || -1 : size));
}

/** @returns null where the file says nothing of its rank */
function declaredShape({ type }: ValueInfoProto): number[] | null {
  const shape = type?.value.case === 'tensorType' ? type.value.value.shape : undefined;
  if (shape === undefined) return null;
  return shape.dim.map(({ value }) => (value.case === 'dimValue' && value.value >= 0n ? Number(value.value) : -1));
}

function smallValues(found: readonly DefaultInput[]): Tensor[] {
  let left = mostBytesTried;
  return found.flatMap(({ spec, value }) => {
    const { shape, data } = decodeTensor(value);
    left -= data.length;
    return left < 0 ? [] : [{ name: spec.name, datatype: spec.datatype, shape, data }];
  });
}

/** @returns null if the model refuses these inputs beside the sample's own: then it refuses them from callers too */
async function sampleWith(
  model: Pick<WasmModel, 'run'>,
  sample: Sample,
  given: readonly Tensor[],
): Promise<Sample | null> {
  const inputs = [...sample.inputs, ...given];
  try {
    return { inputs, outputs: (await model.run(inputs)).outputs };
  } catch (error) {
    if (!(error instanceof InspectionError)) throw error;
    return null;
  }
}

/** Floats are moved, so that a default which is kept in spite of them shows. Integers are left: they may be axes or sizes. */
function otherValue(tensor: Tensor): Tensor {
  const { datatype, data } = tensor;
  if (!(data instanceof Uint8Array) || !['FP32', 'FP64'].includes(datatype)) return tensor;
  const elements = elementsOf(datatype as NumericDatatype, data.slice()) as Float32Array | Float64Array;
  const moved = elements.map((value) => value * 0.5 + 0.125);
  return { ...tensor, data: new Uint8Array(moved.buffer) };
}
