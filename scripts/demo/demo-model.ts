// The models that a first start releases, and requests that show them at work.
import { join } from 'node:path';
import { projectRoot } from '../build/project.ts';

/** The npm package has these files too, in the same place. */
const folder = join(projectRoot, 'scripts', 'demo', 'model');

export const demoModel = {
  name: 'machine-failure',
  version: '1',
  file: join(folder, 'machine-failure.onnx'),
  /** Readings of many machines, with the truth in the column `failure`: the gate's test data, and the baseline's reference. */
  testData: join(folder, 'test.csv'),
  description: 'Predictive maintenance: will this machine fail, by its load, speed, temperatures and tool wear?',
  features: ['type', 'air_temperature', 'process_temperature', 'rotational_speed', 'torque', 'tool_wear'],
  /** Two machines, the first in order, the second with a worn tool under much torque, as a request of the Open Inference Protocol. */
  sample: {
    inputs: [
      { name: 'type', datatype: 'BYTES', shape: [2, 1], data: ['M', 'L'] },
      { name: 'air_temperature', datatype: 'FP32', shape: [2, 1], data: [298.1, 298.9] },
      { name: 'process_temperature', datatype: 'FP32', shape: [2, 1], data: [308.6, 309.1] },
      { name: 'rotational_speed', datatype: 'FP32', shape: [2, 1], data: [1551, 1310] },
      { name: 'torque', datatype: 'FP32', shape: [2, 1], data: [42.8, 64.5] },
      { name: 'tool_wear', datatype: 'FP32', shape: [2, 1], data: [0, 198] },
    ],
  },
} as const;

const gaugeFolder = join(folder, 'gauge');

/** A model that takes pictures. What the gate found out about it is kept, so that a start only registers it. */
export const demoPictureModel = {
  name: 'gauge',
  version: '1',
  file: join(gaugeFolder, 'gauge.onnx'),
  /** What the registry has of it after its release. */
  manifest: join(gaugeFolder, 'manifest.json'),
  golden: join(gaugeFolder, 'golden.json'),
  description: 'Reads a round gauge before a camera: low, normal or high.',
  /** A gauge that reads high. */
  picture: join(gaugeFolder, 'gauge.png'),
} as const;
