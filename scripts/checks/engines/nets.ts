// The eight nets on which the second engine is judged: six real ones with their golden cases, two made here.
import { readFile } from 'node:fs/promises';
import type { Tensor } from '../../../worker/protocol/tensor.ts';
import { type OnnxModel, writeModel } from '../../onnx/model-file.ts';
import { Random } from '../../random.ts';
import { zooInputs, zooModelPath } from '../bench/zoo.ts';
import { detectorInput, detectorNet, residualInput, residualNet } from './made-nets.ts';

export interface Net {
  readonly name: string;
  readonly onnx: Uint8Array;
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** A golden case, or random where there is none. */
  readonly first: readonly Tensor[];
  readonly goldenCount: number;
  /** The golden cases and then random inputs, made as they are asked for: a thousand pictures do not fit into memory. */
  samples(): Iterable<readonly Tensor[]>;
  /** Outputs that give a class: the largest of the last dimension. */
  readonly classes: readonly string[];
}

const zoo = [
  { name: 'mobilenetv2-fp32', golden: ['elephants'], classes: ['output'] },
  { name: 'ultraface-rfb-320', golden: ['img13', 'img3'], classes: ['scores'] },
  { name: 'person-detect-int8', golden: ['person', 'no_person'], classes: ['output'] },
  { name: 'super-resolution-10', golden: ['cat'], classes: [] },
  { name: 'ppocr-cls-v2', golden: ['line_up'], classes: ['save_infer_model/scale_0.tmp_1'] },
  {
    name: 'mnist-8',
    golden: ['test_data_set_0', 'test_data_set_1', 'test_data_set_2'],
    classes: ['Plus214_Output_0'],
  },
] as const;

export async function* nets(randomInputs: number): AsyncGenerator<Net> {
  for (const { name, golden, classes } of zoo) {
    const cases: Tensor[][] = [];
    for (const each of golden) cases.push(await zooInputs(name, each));
    const [first = []] = cases;
    const onnx = new Uint8Array(await readFile(zooModelPath(name)));
    yield { ...netOf(name, onnx, first, cases, randomInputs), classes };
  }
  yield made('residual (made)', residualNet(), residualInput, ['probabilities'], randomInputs);
  yield made('detector (made)', detectorNet(), detectorInput, [], randomInputs);
}

function made(
  name: string,
  model: OnnxModel,
  shape: readonly number[],
  classes: readonly string[],
  randomInputs: number,
): Net {
  const random = new Random(3);
  const count = shape.reduce((product, size) => product * size, 1);
  const values = Float32Array.from({ length: count }, () => random.normal(0, 1));
  const first: Tensor[] = [{ name: 'x', datatype: 'FP32', shape: [...shape], data: new Uint8Array(values.buffer) }];
  return { ...netOf(name, writeModel(model), first, [first], randomInputs), classes };
}

function netOf(
  name: string,
  onnx: Uint8Array,
  first: readonly Tensor[],
  cases: readonly (readonly Tensor[])[],
  randomInputs: number,
) {
  const shapes = new Map(first.map((input) => [input.name, input.shape]));
  function* samples() {
    yield* cases;
    yield* randomLike(first, randomInputs);
  }
  return { name, onnx, shapes, first, goldenCount: cases.length, samples };
}

/** Inputs as far apart as the given ones. */
function* randomLike(inputs: readonly Tensor[], count: number): Generator<readonly Tensor[]> {
  const random = new Random(4);
  const ranges = inputs.map((input) => {
    const { buffer, byteOffset, byteLength } = (input.data as Uint8Array).slice();
    const values = new Float32Array(buffer, byteOffset, byteLength / 4);
    const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
    const high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    return { input, length: values.length, low, high };
  });
  for (let made = 0; made < count; made++) {
    yield ranges.map(({ input, length, low, high }) => {
      const drawn = Float32Array.from({ length }, () => low + (high - low) * random.uniform());
      return { ...input, data: new Uint8Array(drawn.buffer) };
    });
  }
}
