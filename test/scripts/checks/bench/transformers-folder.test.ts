// A model as transformers.js takes it.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeTransformersFolder } from '../../../../scripts/checks/bench/transformers-folder.ts';
import { model, node, tensorValue } from '../../../../scripts/onnx/build.ts';
import { readModel, writeModel } from '../../../../scripts/onnx/model-file.ts';

const onnx = writeModel(
  model({
    name: 'averages',
    opsets: { '': 17 },
    inputs: [tensorValue('pixels', 1, ['batch', 3, 224, 224])],
    outputs: [tensorValue('scores', 1, ['batch', 3])],
    nodes: [node('GlobalAveragePool', ['pixels'], ['means']), node('Flatten', ['means'], ['scores'])],
    initializers: [],
  }),
);

test('tensors have the names that the pipeline asks for, and labels their places', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'popserve-transformers-'));
  try {
    await writeTransformersFolder(folder, onnx, ['red', 'green', 'blue']);
    const { graph } = readModel(new Uint8Array(await readFile(join(folder, 'onnx', 'model.onnx'))));
    expect(graph.input.map(({ name }) => name)).toEqual(['pixel_values']);
    expect(graph.output.map(({ name }) => name)).toEqual(['logits']);
    expect(graph.node.map(({ input, output }) => [input, output])).toEqual([
      [['pixel_values'], ['means']],
      [['means'], ['logits']],
    ]);
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    expect(config.id2label).toEqual({ 0: 'red', 1: 'green', 2: 'blue' });
    const steps = JSON.parse(await readFile(join(folder, 'preprocessor_config.json'), 'utf8'));
    expect(steps).toMatchObject({ size: { shortest_edge: 256 }, crop_size: { height: 224, width: 224 } });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
