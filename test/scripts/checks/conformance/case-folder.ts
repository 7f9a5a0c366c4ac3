// Cases of one's own in the suite's layout, in a temporary folder.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SuiteCase } from '../../../../scripts/checks/conformance/suite.ts';
import { type OnnxModel, writeModel } from '../../../../scripts/onnx/model-file.ts';

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'popserve-cases-'));
}

/** @param inputs encoded TensorProto, SequenceProto or OptionalProto each, as the model's types say */
export async function writeCase(
  folder: string,
  name: string,
  model: OnnxModel,
  inputs: readonly Uint8Array[],
  outputs: readonly Uint8Array[],
): Promise<SuiteCase> {
  const directory = join(folder, name);
  const dataSet = join(directory, 'test_data_set_0');
  await mkdir(dataSet, { recursive: true });
  await writeFile(join(directory, 'model.onnx'), writeModel(model));
  for (const [index, input] of inputs.entries()) await writeFile(join(dataSet, `input_${index}.pb`), input);
  for (const [index, output] of outputs.entries()) await writeFile(join(dataSet, `output_${index}.pb`), output);
  return { name, directory, expected: { wasm: 'pass', native: 'pass', opset: { 'ai.onnx': 22 } } };
}
