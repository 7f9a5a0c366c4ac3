// The ONNX operator suite over the conversion: a case gives the suite's answer in LiteRT.js, or is refused by the operator's name.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeFrame, type RawTensor } from '../../../worker/protocol/raw-frame.ts';
import { convertModel } from '../../convert-litert/convert.ts';
import { Refusal } from '../../convert-litert/refusal.ts';
import { type OnnxModel, readModel } from '../../onnx/model-file.ts';
import { TensorProto_DataType, type ValueInfoProto } from '../../onnx/onnx_pb.ts';
import { type MeasuredWorker, startMeasured } from '../bench/measured-worker.ts';
import { tableLines } from '../bench/report.ts';
import { compareTensors } from '../conformance/compare.ts';
import { openSuite, type SuiteCase } from '../conformance/suite.ts';
import { decodeValue } from '../conformance/value.ts';
import type { WorkerModules } from '../workerd/config.ts';
import { answer, call } from './calls.ts';

export const ends = ['equal', 'refused', 'not loaded', 'other types', 'different', 'failed'] as const;

/** `other types`: inputs or outputs that are not FP32; `not loaded`: native onnxruntime, which folds the model, does not take it. */
export type End = (typeof ends)[number];

export interface SuiteResult {
  readonly name: string;
  /** Operators of the model, in order of their names. */
  readonly operators: string;
  readonly end: End;
  readonly reason: string;
}

/** @param names only cases whose name matches */
export async function runOperatorSuite(worker: WorkerModules, names = /^node\//): Promise<SuiteResult[]> {
  await using suite = await openSuite();
  const results: SuiteResult[] = [];
  let running = await startMeasured({ worker });
  try {
    for (const suiteCase of suite.cases.filter(({ name }) => names.test(name))) {
      const result = await runCase(running, suiteCase);
      results.push(result);
      if (result.end !== 'failed') continue;
      // A runtime that has aborted answers nothing more.
      await running.stop();
      running = await startMeasured({ worker });
    }
    return results;
  } finally {
    await running.stop();
  }
}

async function runCase(running: MeasuredWorker, { name, directory }: SuiteCase): Promise<SuiteResult> {
  const bytes = await readFile(join(directory, 'model.onnx'));
  const model = readModel(bytes);
  const operators = [...new Set(model.graph.node.map(({ opType }) => opType))].sort().join(', ');
  const ended = (end: End, reason = ''): SuiteResult => ({ name, operators, end, reason });
  const data = join(directory, 'test_data_set_0');
  const inputs = await readTensors(data, 'input', model.graph.input);
  const outputs = await readTensors(data, 'output', model.graph.output);
  if (inputs === null || outputs === null) return ended('other types');
  let converted: Uint8Array;
  try {
    converted = await convert(model, inputs);
  } catch (error) {
    return error instanceof Refusal ? ended('refused', error.message) : ended('not loaded', String(error));
  }
  try {
    await call(running, '/load', 'litert', converted);
    const actual = await answer(running, 'litert', encodeFrame({ tensors: inputs, extra: {} }));
    const differences = outputs
      .map((output) =>
        compareTensors(
          output,
          actual.find((each) => each.name === output.name),
        ),
      )
      .filter(({ verdict }) => verdict !== 'pass');
    return differences.length === 0 ? ended('equal') : ended('different', differences[0]?.difference);
  } catch (error) {
    return ended('failed', String(error));
  }
}

async function convert(model: OnnxModel, inputs: readonly RawTensor[]): Promise<Uint8Array> {
  return (await convertModel(model, new Map(inputs.map(({ name, shape }) => [name, shape])))).bytes;
}

/** Null where one of them is not a tensor of FP32. */
async function readTensors(
  directory: string,
  kind: 'input' | 'output',
  values: readonly ValueInfoProto[],
): Promise<RawTensor[] | null> {
  const files = new Set(await readdir(directory));
  const tensors: RawTensor[] = [];
  for (const [index, { name, type }] of values.entries()) {
    const file = `${kind}_${index}.pb`;
    if (!files.has(file)) continue;
    if (type?.value.case !== 'tensorType' || type.value.value.elemType !== TensorProto_DataType.FLOAT) return null;
    const value = decodeValue(await readFile(join(directory, file)), name, type);
    if (value.kind !== 'tensor') return null;
    tensors.push({ ...value.tensor, name });
  }
  return tensors;
}

export function suiteLines(results: readonly SuiteResult[]): string[] {
  const counts = (of: readonly SuiteResult[]) =>
    ends.map((end) => String(of.filter((each) => each.end === end).length));
  const groups = Object.entries(Object.groupBy(results, ({ operators }) => operators));
  const covered = groups.filter(([, group = []]) => group.some(({ end }) => end === 'equal'));
  return [
    ...tableLines({ columns: ['', ...ends], rows: [['all cases of single operators', ...counts(results)]] }),
    '',
    ...tableLines({
      columns: ['operators of the case', ...ends],
      rows: covered.map(([operators, group = []]) => [operators, ...counts(group)]),
    }),
    ...results
      .filter(({ end }) => end === 'different' || end === 'failed')
      .map(({ name, end, reason }) => `- ${name}: ${end}: ${reason.slice(0, 300)}`),
  ];
}
