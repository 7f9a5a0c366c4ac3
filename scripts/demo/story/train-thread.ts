// Training in a thread of its own: the devices go on while a model is trained.
import { parentPort, workerData } from 'node:worker_threads';
import { trainBoostedTrees } from '../boosted-trees.ts';
import { exportFailureModel, featureColumns } from '../failure-model.ts';
import type { FleetRecord } from '../fleet-data.ts';

const { rows, description } = workerData as { rows: readonly FleetRecord[]; description: string };
const training = await trainBoostedTrees(
  featureColumns(rows),
  rows.map(({ failure }) => failure),
);
const onnx = exportFailureModel(training.model, { description });
const trees = training.model.trees.length;
training.unload();
parentPort?.postMessage({ onnx, trees });
