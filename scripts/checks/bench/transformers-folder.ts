// A model as transformers.js takes it: a folder with the graph, whose tensors have the names that its pipelines ask for, and the two
// descriptions beside it.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type OnnxModel, readModel, writeModel } from '../../onnx/model-file.ts';
import { imageNet } from './image-net.ts';

/** @param onnx a classifier with one input and one output */
export async function writeTransformersFolder(
  folder: string,
  onnx: Uint8Array,
  labels: readonly string[],
): Promise<void> {
  const { side, shortestSide, mean, std } = imageNet;
  await mkdir(join(folder, 'onnx'), { recursive: true });
  await writeFile(join(folder, 'onnx', 'model.onnx'), writeModel(renamed(readModel(onnx))));
  await writeFile(
    join(folder, 'config.json'),
    JSON.stringify({
      model_type: 'mobilenet_v2',
      architectures: ['MobileNetV2ForImageClassification'],
      id2label: Object.fromEntries(labels.map((label, index) => [index, label])),
    }),
  );
  await writeFile(
    join(folder, 'preprocessor_config.json'),
    JSON.stringify({
      image_processor_type: 'MobileNetV2FeatureExtractor',
      ...{ do_resize: true, size: { shortest_edge: shortestSide }, resample: 2 },
      ...{ do_center_crop: true, crop_size: { height: side, width: side } },
      ...{ do_rescale: true, rescale_factor: 1 / 255 },
      ...{ do_normalize: true, image_mean: mean, image_std: std },
    }),
  );
}

function renamed(model: OnnxModel): OnnxModel {
  const { input, output, node } = model.graph;
  const [first, last] = [input[0]?.name, output[0]?.name];
  if (first === undefined || last === undefined) throw new Error('expected a model with an input and an output');
  const names = new Map([
    [first, 'pixel_values'],
    [last, 'logits'],
  ]);
  const rename = (name: string) => names.get(name) ?? name;
  for (const value of [...input, ...output]) value.name = rename(value.name);
  for (const each of node) {
    each.input = each.input.map(rename);
    each.output = each.output.map(rename);
  }
  return model;
}
