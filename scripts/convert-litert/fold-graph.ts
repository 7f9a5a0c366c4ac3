// Fixes the shapes of a model and lets native onnxruntime fold it: constants, normalisations after convolutions, the arithmetic on
// shapes. The optimisation level is `basic`, whose result has standard operators only.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { importOnnxruntime } from '../build/operator-tools.ts';
import { tensorType } from '../onnx/build.ts';
import { type OnnxModel, readModel, writeModel } from '../onnx/model-file.ts';
import { ValueInfoProtoSchema } from '../onnx/onnx_pb.ts';
import { Refusal } from './refusal.ts';
import { SourceGraph, type ValueInfo } from './source-graph.ts';

/** Names of types as onnxruntime says them. */
const runtimeTypes: Readonly<Record<string, ValueInfo['type']>> = {
  float32: 'FP32',
  uint8: 'UINT8',
  int8: 'INT8',
  int32: 'INT32',
  int64: 'INT64',
  bool: 'BOOL',
};

/** One thread, as everything that publishing does; the models' own warnings are none of a publisher's business. */
const quiet = { logSeverityLevel: 3, intraOpNumThreads: 1, interOpNumThreads: 1 } as const;

/**
 * @param model is changed
 * @param shapes of the inputs, every size of them
 * @throws Refusal where the shape of a value still depends on the input
 */
export async function foldGraph(
  model: OnnxModel,
  shapes: ReadonlyMap<string, readonly number[]>,
): Promise<SourceGraph> {
  const { InferenceSession } = await importOnnxruntime();
  fixShapes(model, shapes);
  const folder = await mkdtemp(join(tmpdir(), 'popserve-convert-'));
  try {
    const file = join(folder, 'folded.onnx');
    const session = await InferenceSession.create(writeModel(model), {
      ...quiet,
      optimizedModelFilePath: file,
      graphOptimizationLevel: 'basic',
    });
    await session.release();
    const folded = readModel(new Uint8Array(await readFile(file)));
    const opset = Number(folded.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 0n);
    return new SourceGraph(folded.graph, opset, await valuesOf(folded));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function fixShapes({ graph }: OnnxModel, shapes: ReadonlyMap<string, readonly number[]>): void {
  const weights = new Set(graph.initializer.map(({ name }) => name));
  // Files of old versions list weights as inputs, which keeps them from being folded.
  graph.input = graph.input.filter(({ name }) => !weights.has(name));
  for (const input of graph.input) {
    const shape = shapes.get(input.name);
    if (input.type?.value.case !== 'tensorType' || shape === undefined) continue;
    input.type = tensorType(input.type.value.value.elemType, shape);
  }
  graph.valueInfo = [];
  for (const { type } of graph.output) if (type?.value.case === 'tensorType') delete type.value.value.shape;
}

/** Shape and type of every value: onnxruntime infers them for a copy of the model of which every value is an output. */
async function valuesOf(folded: OnnxModel): Promise<Map<string, ValueInfo>> {
  const { InferenceSession } = await importOnnxruntime();
  const { graph } = folded;
  const outputs = graph.output;
  const made = graph.node.flatMap(({ output }) => output).filter((name) => name !== '');
  const known = new Set(outputs.map(({ name }) => name));
  const inferred = made.filter((name) => !known.has(name)).map((name) => create(ValueInfoProtoSchema, { name }));
  graph.output = [...outputs, ...inferred];
  const session = await InferenceSession.create(writeModel(folded), {
    ...quiet,
    graphOptimizationLevel: 'disabled',
  });
  graph.output = outputs;
  const values = new Map<string, ValueInfo>();
  for (const value of [...session.inputMetadata, ...session.outputMetadata]) {
    if (!value.isTensor) continue;
    const type = runtimeTypes[value.type];
    const sizes = value.shape.filter((size): size is number => typeof size === 'number' && size >= 0);
    if (type === undefined || sizes.length !== value.shape.length) continue;
    values.set(value.name, { shape: sizes, type });
  }
  await session.release();
  for (const node of graph.node) {
    const open = node.output.find((name) => name !== '' && !values.has(name));
    if (open !== undefined) throw new Refusal(node.opType, `the shape or type of its output '${open}' is not fixed`);
  }
  return values;
}
